// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Random walks through the life of a copy: one outcome, and no connection reused that carries half a request.

import TestSupport
import Testing
import UnderstudyCore

struct MirrorWalkTests {
    private enum Event: Hashable {
        case requestEnded
        case answerBegan(Int)
        case answerEnded(Bool)
        case failed(UpstreamFailure)
        case fellBehind
        case exchangeEnded(Bool)
        case timedOut
        case requestTooLarge
        case answerTooLarge
        case stopped
    }

    private func anyEvent(_ dice: inout SeededGenerator) -> Event {
        switch dice.number(below: 13) {
        case 0, 1: .requestEnded
        case 2, 3: .answerBegan(dice.pick([200, 204, 302, 399, 400, 404, 500, 503]))
        case 4, 5: .answerEnded(dice.chance(percent: 50))
        case 6: .failed(dice.pick(UpstreamFailure.allCases))
        case 7: .fellBehind
        case 8: .exchangeEnded(dice.chance(percent: 50))
        case 9: .requestTooLarge
        case 10: .answerTooLarge
        case 11: .stopped
        default: .timedOut
        }
    }

    private func step(_ state: inout MirrorState, _ event: Event) -> MirrorState.Action {
        switch event {
        case .requestEnded: return state.requestEnded()
        case .answerBegan(let status):
            state.answerBegan(status: status)
            return .none
        case .answerEnded(let reusable): return state.answerEnded(reusable: reusable)
        case .failed(let failure): return state.failed(failure)
        case .fellBehind: return state.fellBehind()
        case .exchangeEnded(let clientLeft): return state.exchangeEnded(clientLeft: clientLeft)
        case .timedOut: return state.timedOut()
        case .requestTooLarge: return state.requestTooLarge()
        case .answerTooLarge: return state.answerTooLarge()
        case .stopped: return state.stopped()
        }
    }

    /// The same rules as a list of facts instead of phases.
    private struct Facts {
        var isWhole = false
        var status: Int?
        var outcomes: [MirrorOutcome] = []

        /// Before the request is complete no timeout runs, so none can pass.
        func allows(_ event: Event) -> Bool { event != .timedOut || isWhole }

        mutating func expected(_ event: Event) -> MirrorState.Action {
            guard outcomes.isEmpty else { return .none }
            switch event {
            case .requestEnded:
                defer { isWhole = true }
                return isWhole ? .none : .startTimeout
            case .answerBegan(let status):
                self.status = status
                return .none
            case .answerEnded(let reusable):
                let outcome = status.map { MirrorOutcome(status: $0) } ?? .protocolError
                outcomes.append(outcome)
                return reusable && isWhole ? .release(outcome) : .close(outcome)
            case .failed(let failure): return close(MirrorOutcome(failure))
            case .fellBehind: return close(.cutSlow)
            case .timedOut: return close(.timeout)
            case .requestTooLarge: return close(.cutBodyTooLarge)
            case .answerTooLarge: return close(.cutAnswerTooLarge)
            case .stopped: return close(.draining)
            case .exchangeEnded(let clientLeft):
                return isWhole ? .none : close(clientLeft ? .cutClientLeft : .cutPrimaryEnded)
            }
        }

        private mutating func close(_ outcome: MirrorOutcome) -> MirrorState.Action {
            outcomes.append(outcome)
            return .close(outcome)
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `every copy has exactly one outcome, and half a request is never released`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        var seen: Set<MirrorOutcome> = []
        var releases = 0
        for walk in 0..<500 {
            var state = MirrorState()
            var facts = Facts()
            var path: [Event] = []
            var outcomes: [MirrorOutcome] = []
            // Well beyond the end, because stray events come after it.
            while outcomes.isEmpty || path.count < 20 {
                let event = anyEvent(&dice)
                guard facts.allows(event) else { continue }
                path.append(event)
                let wasWhole = facts.isWhole
                let action = step(&state, event)
                var whereabouts: Comment { "seed \(seed), walk \(walk): \(path)" }
                #expect(action == facts.expected(event), whereabouts)
                switch action {
                case .none, .startTimeout: break
                case .close(let outcome): outcomes.append(outcome)
                case .release(let outcome):
                    outcomes.append(outcome)
                    releases += 1
                    #expect(wasWhole, whereabouts)
                }
                #expect(state.hasEnded == !outcomes.isEmpty, whereabouts)
            }
            #expect(outcomes.count == 1, "seed \(seed), walk \(walk)")
            seen.formUnion(outcomes)
        }
        #expect(releases > 0, "seed \(seed)")
        let expected: Set<MirrorOutcome> = [
            .ok, .clientError, .timeout, .reset, .cutSlow, .cutClientLeft, .cutPrimaryEnded, .cutBodyTooLarge,
            .cutAnswerTooLarge, .draining,
        ]
        #expect(seen.isSuperset(of: expected), "seed \(seed)")
    }
}
