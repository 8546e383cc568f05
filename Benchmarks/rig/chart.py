# SPDX-License-Identifier: Apache-2.0
"""Results as a picture: CPU per request as bars, legible on light and dark pages."""
from xml.sax.saxutils import escape

COLUMN, LABEL, BAR, MARGIN = 510, 176, 180, 16       # pixels
TITLE_HEIGHT, ROW_HEIGHT, GAP = 24, 18, 14
STYLE = '''<style>
  text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328; }
  .head { font-size: 15px; font-weight: 600; }
  .case { font-weight: 600; }
  .note { fill: #59636e; }
  .understudy { fill: #1f6feb; } .envoy { fill: #a3479c; } .nginx { fill: #2c8a52; } .haproxy { fill: #8c6d1f; }
  .kernel { opacity: 0.5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .note { fill: #9198a1; }
    .understudy { fill: #58a6ff; } .envoy { fill: #d98ad2; } .nginx { fill: #56c27d; } .haproxy { fill: #d3ae4e; }
  }
</style>'''


def svg(data):
    """The whole picture."""
    cases = [case for case in data['cases'] if any('cost' in row for row in case['rows'])]
    columns, bottom = arranged(cases, top=52)
    height = bottom + 34
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * COLUMN}" height="{height}" '
           f'viewBox="0 0 {2 * COLUMN} {height}" role="img" aria-labelledby="title">',
           f'<title id="title">CPU time per request, {escape(data["date"])}</title>', STYLE,
           text(MARGIN, 24, 'CPU time per request, microseconds: user, and kernel in the lighter part', 'head'),
           text(MARGIN, 42, 'Shorter is better. Each case has a scale of its own.', 'note')]
    for case, x, y in columns:
        out += group(case, x, y)
    versions = ', '.join(f'{name} {number}' for name, number in data['versions'].items() if number)
    out += [text(MARGIN, height - 12, f"{data['date']}: {versions}; one worker each; {data['machine']}", 'note'), '</svg>']
    return '\n'.join(out) + '\n'


def arranged(cases, top):
    """[(case, x, y)] in two columns of like height, and where the longer one ends."""
    heights = [TITLE_HEIGHT + ROW_HEIGHT * len(rows_of(case)) + GAP for case in cases]
    places, x, y, longest = [], MARGIN, top, top
    for case, height in zip(cases, heights):
        if x == MARGIN and y - top >= sum(heights) / 2:
            x, y = MARGIN + COLUMN, top
        places.append((case, x, y))
        y += height
        longest = max(longest, y)
    return places, longest


def rows_of(case):
    return [row for row in case['rows'] if 'cost' in row]


def group(case, x, y):
    """Title and bars of one case."""
    out = [text(x, y + 16, case['case'], 'case')]
    longest = max(row['cost'] for row in rows_of(case))
    for number, row in enumerate(rows_of(case)):
        top = y + TITLE_HEIGHT + number * ROW_HEIGHT
        scale = BAR / longest
        user, kernel = row['user'] * scale, row['system'] * scale
        # The halves are medians of their own and need not add up to the whole.
        user, kernel = (part * row['cost'] * scale / max(user + kernel, 1e-9) for part in (user, kernel))
        out += [text(x, top + 12, row['label']),
                f'<rect class="{row["kind"]}" x="{x + LABEL}" y="{top + 2}" width="{user:.1f}" height="13"/>',
                f'<rect class="{row["kind"]} kernel" x="{x + LABEL + user:.1f}" y="{top + 2}" width="{kernel:.1f}" '
                'height="13"/>', text(x + LABEL + user + kernel + 6, top + 12, amount(row), 'note')]
    return out


def amount(row):
    value = f"{row['cost']:.1f}" if row['cost'] < 100 else f"{row['cost']:,.0f}"
    return f"{value} ({row['ratios']['envoy']:.2f} of Envoy)" if 'envoy' in row['ratios'] and row['kind'] != 'envoy' else value


def text(x, y, words, name=''):
    kind = f' class="{name}"' if name else ''
    return f'<text x="{x:.0f}" y="{y}"{kind}>{escape(words)}</text>'
