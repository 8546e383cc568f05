# SPDX-License-Identifier: Apache-2.0
"""What must hold after a soak; every failure says the number, the bound and how to run it again."""
import re

from scene import ROUTES, SECURE_MIRROR

MIB = 1 << 20
# In a run of less than a minute the warm-up has not met everything that the allocator keeps memory of.
SHORT, SLACK = 60, 8 * MIB


class Checks:
    def __init__(self, again):
        self.again, self.books = again, {}
        self.passed, self.failures, self.unbalanced = 0, [], []

    def check(self, name, is_good, found, bound):
        if is_good:
            self.passed += 1
            print(f'  ok    {name}: {found}')
        else:
            self.fault(name, f'{found}, and {bound} is allowed')

    def fault(self, name, text):
        self.failures.append(name)
        print(f'  FAIL  {name}: {text}\n        again: {self.again}', flush=True)

    def report(self):
        print(f'{self.passed} passed, {len(self.failures)} failed')
        return 1 if self.failures else 0

    def quiet(self, when, left, bound):
        self.check(f'quiet {when}', not left, f'{left or "nothing"} under way', f'nothing after {bound} s')

    def process(self, scene, start, most, descriptors):
        memory, now = scene.memory(), scene.open_descriptors()
        self.check('memory', scene.is_running() and memory <= most,
                   f'{memory / MIB:.1f} MiB resident, {start / MIB:.1f} after the warm-up, '
                   f'{scene.memory("VmHWM") / MIB:.1f} at the peak', f'{most / MIB:.1f}')
        self.check('descriptors', scene.is_running() and now <= descriptors,
                   f'{now} open, {scene.descriptors} at the most', f'{descriptors}, as at the start,')

    # What clients and upstreams saw

    def traffic(self, scene, load):
        hanging = sum(count for (_, result), count in load.done.items() if result == 'hangs')
        wrong = len(load.faults) - hanging
        for text in load.faults[:20]:
            print(f'        {text}')
            for token in re.findall(r'[a-z]+-[0-9]+', text)[:1]:
                for line in scene.log_of(token):
                    print(f'            logged: {line}')
        self.check('answers', not wrong, f'{wrong} wrong of {sum(load.answered.values()):,} checked', '0')
        self.check('clients', not hanging, f'{hanging} hang', '0')

    def upstreams(self, upstreams):
        for one in upstreams:
            for text in one['faults']:
                print(f'        {text}')
        faults = sum(one['seen'].get('faults', 0) for one in upstreams)
        complete = sum(one['seen'].get('complete', 0) for one in upstreams)
        self.check('requests upstream', not faults, f'{faults} bad of {complete:,} complete', '0')

    # What the proxy counted

    def balance(self, books):
        for name, book in books.items():
            ended = sum(value for field, value in book.items() if field.startswith('outcomes.'))
            if book['requests'] != book['in_flight'] + ended:
                self.unbalanced.append(f'{name}: {book["requests"]} requests, {book["in_flight"]} in flight, {ended} ended')

    def numbers(self, scene, load, mirror):
        """`mirror` is what the one that is reached by TLS has seen."""
        self.books = scene.books()
        self.balance(self.books)
        for text in self.unbalanced[:20]:
            print(f'        {text}')
        self.check('books', not self.unbalanced, f'{len(self.unbalanced)} looks at unbalanced books', '0')
        for route, mirrors in ROUTES.items():
            counts = {name: self.books.get(f'{route}.{name}', {}).get('requests', 0) for name in mirrors}
            least, most = load.answered[route], load.maybe[route]
            is_good = len(set(counts.values())) < 2 and all(least <= count <= most for count in counts.values())
            self.check(f'copies of /{route}', is_good, f'{counts or "no mirrors"}', f'{least:,} to {most:,}, alike for all,')
        values = scene.statistics()
        accepted = values.get('http.soak.downstream_cx_total', -1)
        # The one that asked whether the proxy listens is not the load's.
        made = load.connections + 1
        self.check('connections', accepted == made, f'{accepted:,} accepted', f'{made:,}, as many as were made,')
        self.secured(values, load, mirror)
        gauges = {name: value for name, value in scene.gauges().items() if value}
        self.check('gauges', not gauges, f'{gauges or "all"} at 0' if not gauges else f'{gauges}', '0')

    def secured(self, values, load, mirror):
        accepted = values.get('http.soak.downstream_cx_ssl_total', -1)
        self.check('connections by TLS', accepted == load.secure, f'{accepted:,} accepted',
                   f'{load.secure:,}, as many as were made,')
        # A handshake is over for one end before it is for the other; where bytes have come behind it, it is for both.
        done = values.get('listener.secure.ssl.handshake', -1)
        self.check('handshakes of clients', load.shaken <= done <= accepted, f'{done:,}',
                   f'{load.shaken:,} to {accepted:,}')
        least, most = mirror.get('used connections', 0), values.get(f'cluster.{SECURE_MIRROR}.upstream_cx_total', -1)
        done = values.get(f'cluster.{SECURE_MIRROR}.ssl.handshake', -1)
        self.check(f'handshakes with {SECURE_MIRROR}', least <= done <= most, f'{done:,}', f'{least:,} to {most:,}')

    def end(self, scene):
        code = scene.end()
        self.check('end', code == 0, f'exit code {code} after SIGTERM', '0')
