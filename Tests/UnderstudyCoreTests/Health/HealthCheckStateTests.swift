// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which flags the results of checks raise and lower, one after the other and at random.

import TestSupport
import Testing
import UnderstudyCore

struct HealthCheckStateTests {
    /// An endpoint whose flags follow its steps.
    private struct Rig {
        var state: HealthCheckState
        var health: HostHealth

        init(healthy: UInt32 = 2, unhealthy: UInt32 = 2, _ health: HostHealth = .failedActiveCheck) {
            state = HealthCheckState(
                HealthCheck(
                    .tcp(HealthCheck.TCPProbe()),
                    timeout: .seconds(1),
                    interval: .seconds(1),
                    unhealthyThreshold: unhealthy,
                    healthyThreshold: healthy
                )
            )
            self.health = health
        }

        @discardableResult
        mutating func succeed(isDegraded: Bool = false) -> HealthCheckState.Step {
            follow(state.succeeded(isDegraded: isDegraded, health))
        }

        @discardableResult
        mutating func fail(_ failure: HealthCheckState.Failure) -> HealthCheckState.Step {
            follow(state.failed(failure, health))
        }

        private mutating func follow(_ step: HealthCheckState.Step) -> HealthCheckState.Step {
            health.subtract(step.lowered)
            health.formUnion(step.raised)
            return step
        }
    }

    private static let ill = HealthCheckState.Failure.answer(isRetriable: false)
    private static let retriable = HealthCheckState.Failure.answer(isRetriable: true)

    @Test func `one success makes a new endpoint healthy whatever the threshold`() {
        var rig = Rig(healthy: 5, [.failedActiveCheck, .pendingActiveCheck])
        let step = rig.succeed()
        #expect(rig.health == [])
        #expect(step.change == .changed)
        #expect(step.events == [.becameHealthy(isFirst: true)])
    }

    @Test func `a new endpoint that fails stays out and needs the whole threshold from then on`() {
        var rig = Rig(healthy: 2)
        #expect(rig.fail(.timeout).events == [.failed(.timeout, isFirst: true)])
        #expect(rig.health == [.failedActiveCheck, .activeCheckTimeout])
        #expect(rig.succeed().change == .pending)
        // The flag stays until the endpoint is healthy, as measured.
        #expect(rig.health == [.failedActiveCheck, .activeCheckTimeout])
        #expect(rig.succeed().change == .changed)
        #expect(rig.health == [])
    }

    @Test func `the end of waiting for the first check is a change even if it fails`() {
        var rig = Rig([.failedActiveCheck, .pendingActiveCheck])
        #expect(rig.fail(.network).change == .changed)
        #expect(rig.health == .failedActiveCheck)
        #expect(rig.fail(.network).change == .unchanged)
    }

    @Test func `an answer that is ill fails at once, a retriable one and the network by the threshold`() {
        for failure in [Self.retriable, .network, .timeout] {
            var rig = Rig(unhealthy: 2)
            rig.succeed()
            #expect(rig.fail(failure).change == .pending)
            #expect(rig.health == [])
            #expect(rig.fail(failure).events == [.becameUnhealthy(failure)])
            #expect(rig.health.contains(.failedActiveCheck))
        }
        for failure in [Self.ill, .passive] {
            var rig = Rig(unhealthy: 2)
            rig.succeed()
            #expect(rig.fail(failure).change == .changed)
            #expect(rig.health == .failedActiveCheck)
        }
    }

    @Test func `a success between failures begins the row anew`() {
        var rig = Rig(unhealthy: 2)
        rig.succeed()
        for _ in 0..<3 {
            rig.fail(.network)
            rig.succeed()
        }
        #expect(rig.health == [])
    }

    @Test func `the timeout flag follows the last failure`() {
        var rig = Rig(unhealthy: 1)
        rig.succeed()
        rig.fail(.timeout)
        #expect(rig.health == [.failedActiveCheck, .activeCheckTimeout])
        rig.fail(Self.ill)
        #expect(rig.health == .failedActiveCheck)
        rig.fail(.timeout)
        rig.succeed()
        #expect(rig.health == [.failedActiveCheck, .activeCheckTimeout])
    }

    @Test func `degraded is known from the last success, even while the endpoint is failed`() {
        var rig = Rig()
        #expect(rig.succeed(isDegraded: true).events == [.becameHealthy(isFirst: true), .becameDegraded])
        #expect(rig.health == .degradedActiveCheck)
        rig.fail(Self.ill)
        #expect(rig.health == [.failedActiveCheck, .degradedActiveCheck])
        let step = rig.succeed()
        #expect(step.events == [.noLongerDegraded])
        #expect(step.change == .pending)
        #expect(rig.health == .failedActiveCheck)
    }

    @Test func `becoming healthy ends the exclusion`() {
        var rig = Rig()
        rig.succeed()
        rig.fail(Self.ill)
        rig.health.insert(.excludedByImmediateFailure)
        rig.succeed()
        #expect(rig.health.contains(.excludedByImmediateFailure))
        rig.succeed()
        #expect(rig.health == [])
    }

    @Test func `every result is told if that is asked for`() {
        var check = HealthCheck(
            .tcp(HealthCheck.TCPProbe()),
            timeout: .seconds(1),
            interval: .seconds(1),
            unhealthyThreshold: 1,
            healthyThreshold: 1
        )
        check.alwaysLogsFailures = true
        check.alwaysLogsSuccesses = true
        var state = HealthCheckState(check)
        #expect(state.succeeded(isDegraded: false, .failedActiveCheck).events == [.becameHealthy(isFirst: true)])
        #expect(state.succeeded(isDegraded: false, []).events == [.succeeded])
        #expect(state.failed(.network, []).events == [.becameUnhealthy(.network), .failed(.network, isFirst: false)])
        #expect(state.failed(.network, .failedActiveCheck).events == [.failed(.network, isFirst: false)])
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `at random, an endpoint is failed exactly when a row of the other kind was long enough`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        let healthy = UInt32(1 + dice.number(below: 4))
        let unhealthy = UInt32(1 + dice.number(below: 4))
        var rig = Rig(healthy: healthy, unhealthy: unhealthy)
        var isFailed = true
        var row: UInt32 = 0
        for turn in 0..<500 {
            if dice.chance(percent: 55) {
                rig.succeed(isDegraded: dice.chance(percent: 20))
                row = isFailed ? row + 1 : 0
                if isFailed, turn == 0 || row >= healthy { (isFailed, row) = (false, 0) }
            } else {
                let failure = dice.pick([Self.ill, Self.retriable, .network, .timeout, .passive])
                rig.fail(failure)
                row = isFailed ? 0 : row + 1
                let isEnough = failure == Self.ill || failure == .passive
                if !isFailed, isEnough || row >= unhealthy { (isFailed, row) = (true, 0) }
            }
            #expect(rig.health.contains(.failedActiveCheck) == isFailed, "seed \(seed), turn \(turn)")
            if !isFailed { #expect(rig.health.isDisjoint(with: [.activeCheckTimeout, .excludedByImmediateFailure])) }
        }
    }
}
