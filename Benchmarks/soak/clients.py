# SPDX-License-Identifier: Apache-2.0
"""The clients of the soak.  Each deed is one method, drawn by its weight; it returns what came of it, or raises."""
import asyncio
import time

from bad import Bad
from good import Good
from handshakes import Handshakes
from load import BOUND, STANDSTILL, Late
from wire import Ended, Wrong


class Client(Good, Bad, Handshakes):
    """Does one thing after another."""

    def __init__(self, load, dice):
        super().__init__(load, dice)
        self.deeds = {
            self.keeps_alive: 30, self.pipelines: 8, self.has_bad_primary: 12, self.uploads: 2, self.downloads: 2,
            self.drips_its_body: 3, self.reads_slowly: 3, self.says_nonsense: 10, self.spoils_its_body: 8,
            self.drips_its_head: 3, self.stops_its_body: 3, self.stops_reading: 2, self.leaves: 14,
            self.shakes_hands: 18, self.breaks_its_handshake: 14, self.says_no_hello: 8,
        }

    async def live(self):
        while self.load.left > 0:
            deed = self.dice.choices(list(self.deeds), self.deeds.values())[0]
            if deed in (self.uploads, self.downloads) and self.load.transfers.locked():
                continue
            if deed == self.stops_reading and self.load.left < STANDSTILL:
                continue
            name, begin = deed.__name__.replace('_', ' '), time.monotonic()
            self.load.done[name, await self.outcome(deed, name, begin)] += 1
            await asyncio.sleep(self.dice.uniform(0, 0.1))

    async def outcome(self, deed, name, begin):
        try:
            return await asyncio.wait_for(deed(), BOUND)
        except TimeoutError:
            text, result = f'hangs for more than {BOUND} s', 'hangs'
        except Wrong as wrong:
            text, result = str(wrong), 'wrong'
        except (Late, Ended, OSError) as wrong:
            if self.load.stalled(begin):
                return 'late, as this machine was'
            text, result = str(wrong) or type(wrong).__name__, 'wrong'
        self.load.fault(f'{name}: {text}')
        return result
