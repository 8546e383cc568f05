// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Who is ejected, for how long, and what is counted.

import TestSupport
import Testing
import UnderstudyCore

struct OutlierDetectorTests {
    /// Detection with a clock that is moved by hand.
    private struct Rig {
        let statistics = OutlierStatistics()
        var detector: OutlierDetector
        var detection = OutlierDetection()
        var runtime = RuntimeSnapshot.empty
        var now = Duration.zero
        var dice = SeededGenerator(seed: 1)

        init(hosts: UInt64, _ change: (inout OutlierDetection) -> Void = { _ in }) {
            detector = OutlierDetector(statistics)
            detection.maxEjectionPercent = 100
            change(&detection)
            for id in 1...hosts { detector.add(id) }
        }

        var settings: OutlierSettings { OutlierSettings(detection, runtime) }

        mutating func reached(_ cause: OutlierCause, _ id: OutlierDetector.HostID) -> OutlierDetector.Action? {
            detector.reached(cause, by: id, now: now, settings, using: &dice)
        }

        mutating func pass(_ time: Duration, _ rates: [OutlierDetector.HostID: OutlierRates] = [:])
            -> [OutlierDetector.Action]
        {
            now += time
            return detector.intervalPassed(now: now, rates: rates, settings, using: &dice)
        }

        var ejected: Int { statistics.active.current }
    }

    private static func rates(_ percents: [UInt64], total: UInt64 = 100) -> [OutlierDetector.HostID: OutlierRates] {
        var rates: [OutlierDetector.HostID: OutlierRates] = [:]
        for (index, percent) in percents.enumerated() {
            let rate = OutlierRates.Rate(total: total, successes: total * percent / 100)
            rates[UInt64(index) + 1] = OutlierRates(external: rate)
        }
        return rates
    }

    // MARK: Rows

    @Test func `an outlier is ejected, counted, and not ejected twice`() {
        var rig = Rig(hosts: 2)
        #expect(rig.reached(.consecutive5xx, 1) == .eject(1, .consecutive5xx))
        #expect(rig.reached(.consecutive5xx, 1) == nil)
        #expect(rig.reached(.consecutive5xx, 7) == nil)
        #expect(rig.ejected == 1)
        #expect(rig.statistics.detected(.consecutive5xx) == 1)
        #expect(rig.statistics.enforced(.consecutive5xx) == 1)
        #expect(rig.statistics.enforcedTotal.current == 1)
    }

    @Test func `the share that may be ejected is of all endpoints and counts the next one`() {
        var rig = Rig(hosts: 10) { $0.maxEjectionPercent = 20 }
        #expect(rig.reached(.consecutive5xx, 1) != nil)
        #expect(rig.reached(.consecutive5xx, 2) != nil)
        #expect(rig.reached(.consecutive5xx, 3) == nil)
        #expect(rig.statistics.overflows.current == 1)
        #expect(rig.ejected == 2)
    }

    @Test func `ten percent of few endpoints is none, unless one is always allowed`() {
        var rig = Rig(hosts: 3) { $0.maxEjectionPercent = 10 }
        #expect(rig.reached(.consecutive5xx, 1) == nil)
        rig.detection.alwaysEjectsOne = true
        #expect(rig.reached(.consecutive5xx, 1) != nil)
        #expect(rig.reached(.consecutive5xx, 2) == nil)
    }

    @Test func `what is not enforced is only noticed`() {
        var rig = Rig(hosts: 1)
        #expect(rig.reached(.consecutiveGatewayFailure, 1) == .notice(1, .consecutiveGatewayFailure))
        #expect(rig.statistics.detected(.consecutiveGatewayFailure) == 1)
        #expect(rig.statistics.enforcedTotal.current == 0)
        #expect(rig.ejected == 0)
    }

    @Test func `enforcing takes a share of the detections`() {
        var rig = Rig(hosts: 1000) { $0.enforcingConsecutive5xx = 30 }
        for id in 1...1000 as ClosedRange<UInt64> { _ = rig.reached(.consecutive5xx, id) }
        #expect((250...350).contains(rig.ejected))
    }

    @Test func `the runtime replaces every number`() {
        var rig = Rig(hosts: 1)
        rig.runtime = RuntimeSnapshot([
            "outlier_detection.enforcing_consecutive_gateway_failure": RuntimeValue(text: "", integer: 100),
            "outlier_detection.base_ejection_time_ms": RuntimeValue(text: "", integer: 7),
            "outlier_detection.consecutive_5xx": RuntimeValue(text: "", integer: 9),
        ])
        #expect(rig.settings.consecutive5xx == 9)
        #expect(rig.settings.baseEjectionTime == .milliseconds(7))
        #expect(rig.reached(.consecutiveGatewayFailure, 1) == .eject(1, .consecutiveGatewayFailure))
    }

    // MARK: Coming back

    @Test func `each ejection is longer by the base time, up to the maximum`() {
        var rig = Rig(hosts: 1) {
            $0.baseEjectionTime = .seconds(30)
            $0.maxEjectionTime = .seconds(70)
        }
        for wanted in [30, 60, 70, 70, 70] {
            #expect(rig.reached(.consecutive5xx, 1) != nil)
            #expect(rig.pass(.seconds(wanted - 1)) == [])
            #expect(rig.pass(.seconds(1)) == [.restore(1)])
            #expect(rig.ejected == 0)
        }
        #expect(rig.detector.ejections(of: 1) == 5)
    }

    @Test func `intervals of health shorten the next ejection again`() {
        var rig = Rig(hosts: 1) { $0.maxEjectionTime = .seconds(300) }
        for wanted in [30, 60, 90] {
            _ = rig.reached(.consecutive5xx, 1)
            #expect(rig.pass(.seconds(wanted)) == [.restore(1)])
        }
        // Three times the base; the interval in which it came back does not count.
        _ = rig.pass(.seconds(10))
        _ = rig.pass(.seconds(10))
        _ = rig.reached(.consecutive5xx, 1)
        #expect(rig.pass(.seconds(59)) == [])
        #expect(rig.pass(.seconds(1)) == [.restore(1)])
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `jitter delays the return by no more than its bound`(seed: UInt64) {
        var rig = Rig(hosts: 1) { $0.maxEjectionTimeJitter = .seconds(5) }
        rig.dice = SeededGenerator(seed: seed)
        _ = rig.reached(.consecutive5xx, 1)
        #expect(rig.pass(.milliseconds(29_999)) == [])
        #expect(rig.pass(.milliseconds(5001)) == [.restore(1)])
    }

    @Test func `a check that passes ends the ejection, and removal does, too`() {
        var rig = Rig(hosts: 2)
        #expect(rig.detector.passedCheck(1, now: rig.now) == nil)
        _ = rig.reached(.consecutive5xx, 1)
        #expect(rig.detector.passedCheck(1, now: rig.now) == .restore(1))
        _ = rig.reached(.consecutive5xx, 2)
        rig.detector.remove(2)
        #expect(rig.ejected == 0)
        #expect(rig.pass(.seconds(1000)) == [])
    }

    // MARK: Rates

    @Test func `endpoints below the mean less the factor's share of the deviation are ejected`() {
        var rig = Rig(hosts: 5)
        #expect(rig.pass(.seconds(10), Self.rates([50, 100, 100, 100, 100])) == [.eject(1, .successRate)])
        // Mean 90, deviation 20.
        #expect(rig.detector.average?.mean == 90)
        #expect(rig.detector.average?.threshold == 52)
        #expect(rig.detector.successRates(of: 1).external == 50)
    }

    @Test func `too few endpoints or requests decide nothing`() {
        var few = Rig(hosts: 4)
        #expect(few.pass(.seconds(10), Self.rates([0, 100, 100, 100])) == [])
        #expect(few.detector.average == nil)
        var quiet = Rig(hosts: 5)
        #expect(quiet.pass(.seconds(10), Self.rates([20, 100, 100, 100, 100], total: 99)) == [])
        #expect(quiet.detector.average == nil)
        // Enough for the other rule, which is why it is known.
        #expect(quiet.detector.successRates(of: 2).external == 100)
        #expect(quiet.pass(.seconds(10)) == [])
        #expect(quiet.detector.successRates(of: 2).external == nil)
    }

    @Test func `the percentage of failures is a bound of its own`() {
        var rig = Rig(hosts: 5) {
            $0.enforcingFailurePercentage = 100
            $0.enforcingSuccessRate = 0
        }
        let actions = rig.pass(.seconds(10), Self.rates([15, 16, 15, 16, 16], total: 100))
        #expect(actions == [.eject(1, .failurePercentage), .eject(3, .failurePercentage)])
    }

    @Test func `an endpoint that both rules find is ejected once`() {
        var rig = Rig(hosts: 5) { $0.enforcingFailurePercentage = 100 }
        #expect(rig.pass(.seconds(10), Self.rates([0, 100, 100, 100, 100])) == [.eject(1, .successRate)])
        #expect(rig.ejected == 1)
        #expect(rig.statistics.detected(.failurePercentage) == 1)
    }

    @Test func `ejected endpoints are not judged again`() {
        var rig = Rig(hosts: 6)
        _ = rig.reached(.consecutive5xx, 1)
        #expect(rig.pass(.seconds(10), Self.rates([0, 100, 100, 100, 100, 100])) == [])
        #expect(rig.detector.average?.mean == 100)
    }

    @Test func `local origin has its own rates, average and causes`() {
        var rig = Rig(hosts: 5)
        let rates = Self.rates([50, 100, 100, 100, 100]).mapValues { OutlierRates(localOrigin: $0.external) }
        #expect(rig.pass(.seconds(10), rates) == [.eject(1, .localOriginSuccessRate)])
        #expect(rig.detector.average == nil)
        #expect(rig.detector.localOriginAverage?.mean == 90)
    }

    // MARK: At random

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `at random, the gauge is the number of ejected endpoints and never beyond the share`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        let percent = UInt32(dice.number(below: 101))
        var rig = Rig(hosts: 20) {
            $0.maxEjectionPercent = percent
            $0.enforcingFailurePercentage = 50
            $0.enforcingConsecutiveGatewayFailure = 50
        }
        var ejected: Set<OutlierDetector.HostID> = []
        func follow(_ action: OutlierDetector.Action?) {
            switch action {
            case .eject(let id, _): #expect(ejected.insert(id).inserted)
            case .restore(let id): #expect(ejected.remove(id) != nil)
            case .notice(let id, _): #expect(!ejected.contains(id))
            case nil: break
            }
        }
        for _ in 0..<400 {
            let id = UInt64(1 + dice.number(below: 20))
            switch dice.number(below: 4) {
            case 0: follow(rig.detector.passedCheck(id, now: rig.now))
            case 1:
                let percents = (0..<20).map { _ in UInt64(dice.number(below: 101)) }
                for action in rig.pass(.seconds(dice.number(below: 30)), Self.rates(percents)) { follow(action) }
            default: follow(rig.reached(dice.pick(OutlierCause.rows), id))
            }
            #expect(rig.ejected == ejected.count)
            #expect(100 * ejected.count <= 20 * Int(percent), "seed \(seed)")
        }
        _ = rig.pass(.seconds(100_000))
        #expect(rig.ejected == 0)
    }
}
