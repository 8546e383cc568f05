// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How long a checker waits, by what the last check came to.

import TestSupport
import Testing
import UnderstudyCore

struct HealthCheckDelayTests {
    private static let check: HealthCheck = {
        var check = HealthCheck(
            .tcp(HealthCheck.TCPProbe()),
            timeout: .seconds(1),
            interval: .seconds(10),
            unhealthyThreshold: 2,
            healthyThreshold: 2
        )
        check.noTrafficInterval = .seconds(70)
        return check
    }()

    private func delay(
        _ check: HealthCheck,
        afterSuccess: Bool,
        _ change: HealthCheckState.Change = .unchanged,
        hasTraffic: Bool = true,
        runtime: RuntimeSnapshot = .empty,
        seed: UInt64 = 1
    ) -> Duration {
        var dice = SeededGenerator(seed: seed)
        return check.delay(afterSuccess: afterSuccess, change, hasTraffic: hasTraffic, runtime: runtime, using: &dice)
    }

    @Test func `without special intervals there is one with traffic and one without`() {
        for afterSuccess in [true, false] {
            for change in [HealthCheckState.Change.unchanged, .pending, .changed] {
                #expect(delay(Self.check, afterSuccess: afterSuccess, change) == .seconds(10))
                #expect(delay(Self.check, afterSuccess: afterSuccess, change, hasTraffic: false) == .seconds(70))
            }
        }
    }

    @Test func `each situation has its interval, and edges are those before a threshold`() {
        var check = Self.check
        check.unhealthyInterval = .seconds(20)
        #expect(delay(check, afterSuccess: false, .pending) == .seconds(20))
        check.unhealthyEdgeInterval = .seconds(30)
        check.healthyEdgeInterval = .seconds(40)
        check.noTrafficHealthyInterval = .seconds(50)
        #expect(delay(check, afterSuccess: false) == .seconds(20))
        #expect(delay(check, afterSuccess: false, .changed) == .seconds(20))
        #expect(delay(check, afterSuccess: false, .pending) == .seconds(30))
        #expect(delay(check, afterSuccess: true, .pending) == .seconds(40))
        #expect(delay(check, afterSuccess: true, .changed) == .seconds(10))
        #expect(delay(check, afterSuccess: true, hasTraffic: false) == .seconds(50))
        #expect(delay(check, afterSuccess: true, .pending, hasTraffic: false) == .seconds(70))
        #expect(delay(check, afterSuccess: false, hasTraffic: false) == .seconds(70))
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `jitter only adds, and less than its bound`(seed: UInt64) {
        var check = Self.check
        check.intervalJitter = .seconds(2)
        check.intervalJitterPercent = 50
        let delay = delay(check, afterSuccess: true, seed: seed)
        #expect(delay >= .seconds(10))
        #expect(delay < .seconds(17))
    }

    @Test func `the runtime bounds every wait, and none is zero`() {
        let runtime = RuntimeSnapshot([
            "health_check.max_interval": RuntimeValue(text: "", integer: 5000),
            "health_check.min_interval": RuntimeValue(text: "", integer: 3000),
        ])
        var check = Self.check
        #expect(delay(check, afterSuccess: true, runtime: runtime) == .seconds(5))
        check.interval = .milliseconds(1)
        #expect(delay(check, afterSuccess: true, runtime: runtime) == .seconds(3))
        check.interval = .zero
        #expect(delay(check, afterSuccess: true) == .milliseconds(1))
    }

    @Test func `the longest durations and percentages do no harm`() {
        var check = Self.check
        check.interval = .seconds(Int64.max / 2)
        check.intervalJitterPercent = .max
        check.intervalJitter = check.interval
        #expect(delay(check, afterSuccess: true) > .seconds(1))
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `the first check is at once unless it is to be spread`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        #expect(Self.check.initialDelay(runtime: .empty, using: &dice) == .zero)
        var check = Self.check
        check.initialJitter = .milliseconds(500)
        let delay = check.initialDelay(runtime: .empty, using: &dice)
        #expect(delay >= .milliseconds(1))
        #expect(delay < .milliseconds(500))
    }
}
