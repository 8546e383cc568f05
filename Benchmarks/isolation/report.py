# SPDX-License-Identifier: Apache-2.0
"""Numbers out of rounds, the tables, and what is a miss."""
import statistics

MIB = 1 << 20
# Of resident memory beside the configured budget.
SLACK = 16 * MIB
RATIO = 1.10
TITLES = {'get': '1 KiB GETs', 'upload': '10 MB uploads'}


def percentile(values, share):
    """The smallest value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float('nan')


def summary(rounds, share):
    """Milliseconds of each round."""
    return [percentile(one['times'], share) * 1000 for one in rounds]


def latency(off, on, share):
    """The median round with the mirror, its ratio to the rounds around it, and how far those are apart."""
    without, with_mirror = summary(off, share), summary(on, share)
    ratios = [2 * value / (before + after) for before, value, after in zip(without, with_mirror, without[1:])]
    return {'off': statistics.median(without), 'on': statistics.median(with_mirror), 'ratio': statistics.median(ratios),
            'ratios': ratios, 'noise': max(without) / min(without)}


def cell(off, on, closed, seconds, **rest):
    everything = [*off, *on, *closed['off'], *closed['on']]
    with_mirror = [*on, *closed['on']]
    throughput = {side: statistics.median(one['answered'] / seconds for one in rounds) for side, rounds in closed.items()}
    errors = {}
    for one in with_mirror:
        for how, count in one['errors'].items():
            errors[how] = errors.get(how, 0) + count
    times = [time for one in on for time in one['times']]
    return {**rest,
            'p50': latency(off, on, 0.5), 'p99': latency(off, on, 0.99),
            'p999': {'off': percentile([time for one in off for time in one['times']], 0.999) * 1000,
                     'on': percentile(times, 0.999) * 1000},
            'throughput': throughput, 'asked': sum(one['asked'] for one in with_mirror), 'errors': errors,
            'unanswered': sum(one['unanswered'] for one in with_mirror),
            'mismatches': sum(one['mismatches'] for one in everything),
            'errors_off': sum(sum(one['errors'].values()) + one['unanswered'] for one in [*off, *closed['off']])}


def verdict(numbers):
    if numbers['ratio'] <= RATIO:
        return 'ok'
    return 'noise' if numbers['ratio'] <= numbers['noise'] else 'ABOVE'


def ratio(numbers):
    return f'{numbers["ratio"]:.2f} (±{numbers["noise"]:.2f})'


def progress(result):
    if 'check' in result:
        print(f'{result["proxy"]:10} {result}', flush=True)
        return
    print(f'{result["name"]:10} {result["kind"]:6} {result["mode"]:12} p50 {ratio(result["p50"])} {verdict(result["p50"]):5} '
          f'p99 {ratio(result["p99"])} {verdict(result["p99"]):5} {lost(result)} lost, {result["mismatches"]} mismatches', flush=True)


def how_many(counts):
    return ', '.join(f'{count} {label}' for label, count in sorted(counts.items(), key=lambda one: -one[1]))


def row(one):
    budget = one['throughput']
    share = budget['on'] / budget['off'] if budget['off'] else float('nan')
    without = {**one['errors'], **({'unanswered': one['unanswered']} if one['unanswered'] else {})}
    fields = [one['mode'], one['name'],
              f'{one["p50"]["on"]:.2f}', ratio(one['p50']), f'{one["p99"]["on"]:.2f}', ratio(one['p99']),
              f'{one["p999"]["on"]:.2f} / {one["p999"]["off"]:.2f}', f'{budget["on"]:.0f} ({share:.2f})',
              f'{how_many(without)} of {one["asked"]}' if without else '0', str(one['mismatches']),
              f'{one["idle"] / MIB:.0f} → {one["peak"] / MIB:.0f}', str(one['descriptors']),
              how_many(one['outcomes']) or '–']
    return '| ' + ' | '.join(fields) + ' |'


def tables(results):
    for kind in TITLES:
        cells = [one for one in results['cells'] if one['kind'] == kind]
        if not cells:
            continue
        print(f'\n### {TITLES[kind]}\n')
        print('| mirror | proxy | p50 ms | to off (spread of off) | p99 ms | to off (spread of off) | p99.9 ms on / off '
              '| closed loop /s (to off) | client errors | mismatches | RSS MiB idle → peak | descriptors | copies |')
        print('|---|---|---|---|---|---|---|---|---|---|---|---|---|')
        modes = list(dict.fromkeys(one['mode'] for one in cells))
        for one in sorted(cells, key=lambda one: modes.index(one['mode'])):
            print(row(one))
    if results['checks']:
        checks(results['checks'])
    if results['cells']:
        short(results)


def short(results):
    """One line for each proxy: the worst of all its mirrors, for those who read no further."""
    print('\n### In short\n')
    print('| proxy | GETs lost | GETs: p50, p99 at worst | uploads lost | uploads: p50 at worst | 100 MB upload, stalled mirror '
          '| 10,000 GETs, silent mirror |\n|---|---|---|---|---|---|---|')
    for name in dict.fromkeys(one['name'] for one in results['cells']):
        fields = [name]
        for kind in TITLES:
            cells = [one for one in results['cells'] if one['name'] == name and one['kind'] == kind and one['mode'] != 'off']
            fields.append(f'{sum(map(lost, cells)):,} of {sum(one["asked"] for one in cells):,}')
            shown = [worst(cells, 'p50')] + ([worst(cells, 'p99')] if kind == 'get' else [])
            fields.append(', '.join(shown))
        for check in ('upload', 'requests'):
            fields += [finished(one) for one in results['checks'] if one['proxy'] == name and one['check'] == check] or ['–']
        print('| ' + ' | '.join(fields) + ' |')


def lost(one):
    return sum(one['errors'].values()) + one['unanswered']


def worst(cells, which):
    return max((f'{one[which]["ratio"]:.2f} ({one["mode"]})' for one in cells), key=lambda text: float(text.split()[0]),
               default='–')


def finished(one):
    if one['check'] == 'requests':
        return f'{one["answered"]:,} answered in {one["on"]:.1f} s'
    text = f'{one["on"]:.2f} s, {one["off"]:.2f} s without'
    return text if one['finished'] == one['rounds'] else f'{one["finished"]} of {one["rounds"]} finished; {text}'


def checks(results):
    print('\n### Single checks\n')
    print('| check | proxy | finished | seconds | without a mirror |\n|---|---|---|---|---|')
    for one in sorted(results, key=lambda one: one['check'], reverse=True):
        if one['check'] == 'upload':
            what, done, all_of = '100 MB upload, mirror never reads', one['finished'], one['rounds']
        else:
            what, done, all_of = f'{one["count"]:,} GETs, mirror never answers', one['answered'], one['count']
        print(f'| {what} | {one["proxy"]} | {done:,} of {all_of:,} | {one["on"]:.2f} | {one["off"]:.2f} |')


def misses(results):
    """Hard targets that Understudy has not met."""
    found = []
    for one in results['cells']:
        if one['name'] != 'understudy':
            continue
        where = f'{TITLES[one["kind"]]}, {one["mode"]}'
        missing = lost(one) + one['errors_off']
        most = one['idle'] + (one['budget'] or 0) + SLACK
        found += [f'{where}: {text}' for wrong, text in [
            (missing, f'{missing} requests without their answer'),
            (one['mismatches'], f'{one["mismatches"]} bodies were not what was sent'),
            (one['peak'] > most, f'{one["peak"] / MIB:.0f} MiB at the peak, {most / MIB:.0f} are allowed'),
            (one['balanced'] is False and one['mode'] != 'off', f'the books do not balance: {one["outcomes"]}'),
            (not one['is_running'], 'the proxy has died'),
        ] if wrong]
    for one in results['checks']:
        if one['proxy'] != 'understudy':
            continue
        if one['check'] == 'upload' and one['finished'] < one['rounds']:
            found.append(f'{one["rounds"] - one["finished"]} uploads of 100 MB did not finish with a stalled mirror')
        if one['check'] == 'requests' and one['answered'] < one['count']:
            found.append(f'{one["count"] - one["answered"]} of {one["count"]} requests were not answered')
    return found
