// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Random walks through the tries of a request: never more than were granted, never a wait that is too long.

import TestSupport
import Testing
import UnderstudyCore

struct RetryWalkTests {
    private enum Event {
        case answered(Int)
        case failed(UpstreamFailure, hasSent: Bool)
        case tryTimedOut(hasSent: Bool)
    }

    /// The same rules as a few facts.
    private struct Facts {
        let conditions: RetryPolicy.Conditions
        var remaining: Int
        var interval: UInt64

        func wishes(_ event: Event) -> Bool {
            let resets: RetryPolicy.Conditions = [.reset, .serverError, .gatewayError]
            switch event {
            case .answered(let status):
                return conditions.contains(.serverError) && status >= 500
                    || conditions.contains(.gatewayError) && [502, 503, 504].contains(status)
                    || conditions.contains(.retriable4xx) && status == 409
            case .failed(.connectFailure, let hasSent), .failed(.connectTimeout, let hasSent):
                return conditions.contains(.connectFailure) || wishes(.tryTimedOut(hasSent: hasSent))
            case .failed(.streamRefused, let hasSent), .failed(.goneAway, let hasSent):
                return conditions.contains(.refusedStream) || wishes(.tryTimedOut(hasSent: hasSent))
            case .failed(.closed, let hasSent), .failed(.reset, let hasSent), .failed(.streamReset, let hasSent),
                .failed(.protocolError, let hasSent), .tryTimedOut(let hasSent):
                return !conditions.isDisjoint(with: resets) || conditions.contains(.resetBeforeRequest) && !hasSent
            case .failed: return false
            }
        }

        mutating func expected(_ event: Event, random: UInt64, hasBudget: Bool) -> RetryState.Decision {
            guard wishes(event) else { return .no }
            guard remaining > 0 else { return .limitExceeded }
            remaining -= 1
            guard hasBudget else { return .overflow }
            defer { interval = min(interval * 2, 250) }
            return .retry(after: .milliseconds(random % interval), .backOff)
        }
    }

    private func anyEvent(_ dice: inout SeededGenerator) -> Event {
        switch dice.number(below: 3) {
        case 0: .answered(dice.pick([200, 404, 409, 500, 502, 503, 504]))
        case 1: .failed(dice.pick(UpstreamFailure.allCases), hasSent: dice.chance(percent: 50))
        default: .tryTimedOut(hasSent: dice.chance(percent: 50))
        }
    }

    private func step(
        _ state: inout RetryState,
        _ event: Event,
        _ circumstances: RetryState.Circumstances
    ) -> RetryState.Decision {
        switch event {
        case .answered(let status): state.answered(ResponseHead(status: status, []), circumstances)
        case .failed(let failure, let hasSent): state.failed(failure, hasSent: hasSent, circumstances)
        case .tryTimedOut(let hasSent): state.tryTimedOut(hasSent: hasSent, circumstances)
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `every walk is one that the rules allow`(seed: UInt64) throws {
        var dice = SeededGenerator(seed: seed)
        let names = ["5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "retriable-4xx"]
        for walk in 0..<500 {
            var policy = RetryPolicy()
            let chosen = names.filter { _ in dice.chance(percent: 40) } + [dice.pick(names)]
            policy.conditions = RetryPolicy.Conditions(names: chosen.joined(separator: ","))
            policy.retries = dice.number(below: 5)
            var head = RequestHead("GET /", ["host: h"])
            var state = try #require(RetryState.make(RetryRule(policy), head: &head))
            var facts = Facts(conditions: policy.conditions, remaining: policy.retries, interval: 25)
            for _ in 0..<12 {
                let event = anyEvent(&dice)
                let hasBudget = dice.chance(percent: 80)
                let random = dice.next()
                let decision = step(&state, event, .init(random: random, hasBudget: hasBudget))
                let expected = facts.expected(event, random: random, hasBudget: hasBudget)
                #expect(decision == expected, "seed \(seed), walk \(walk): \(event)")
            }
            #expect(state.retries <= policy.retries, "seed \(seed), walk \(walk)")
        }
    }
}
