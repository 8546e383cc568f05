// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Random walks through the life of an exchange, beside a second, simpler telling of the same rules.

import TestSupport
import Testing
import UnderstudyCore

struct ExchangeWalkTests {
    private enum Event: CaseIterable {
        case requestEnded, answerBegan, answerEnded, primaryFailed, answeredLocally, requestBroke, clientLeft
    }

    /// Counts what the client and the mirrors live to see, and refuses events that cannot happen.
    private struct Ledger {
        var requestIsWhole = false
        var asked = false
        var answering = false
        var replies = 0
        var aborts = 0
        var finishes = 0
        var primaryCuts = 0
        var mirrorCuts = 0

        func allows(_ event: Event) -> Bool {
            guard finishes == 0 else { return false }
            return switch event {
            case .requestEnded, .requestBroke: !requestIsWhole
            case .answerBegan: !answering
            case .answerEnded: answering
            // Only before an upstream was asked, that is, before anything else but the end of the request.
            case .answeredLocally: !asked
            case .primaryFailed, .clientLeft: true
            }
        }

        mutating func note(_ event: Event, _ actions: ExchangeState.Actions) {
            switch event {
            case .requestEnded: requestIsWhole = true
            case .answerBegan: answering = true
            default: break
            }
            asked = true
            if actions.contains(.reply) { replies += 1 }
            if actions.contains(.abortClient) { aborts += 1 }
            if actions.contains(.finish) { finishes += 1 }
            if actions.contains(.cutPrimary) { primaryCuts += 1 }
            if actions.contains(.cutMirrors) { mirrorCuts += 1 }
        }

        /// What must be true when the exchange ended with `event`, in words.
        func objections(to event: Event) -> [String] {
            var objections: [String] = []
            func demand(_ truth: Bool, _ text: String) { if !truth { objections.append(text) } }
            let clientStays = event != .clientLeft
            let wasAnswered = event == .answerEnded
            demand(finishes == 1, "an exchange finishes once")
            demand(replies + aborts == (clientStays && !wasAnswered ? 1 : 0), "one reply or abort, or a whole answer")
            demand(replies == 0 || !answering, "no reply behind an answer that has begun")
            demand(aborts == 0 || answering, "no abort without an answer")
            if event == .answeredLocally {
                demand(primaryCuts + mirrorCuts == 0, "no upstream was asked, so none is cut")
            } else {
                demand(mirrorCuts == (requestIsWhole ? 0 : 1), "mirrors are cut exactly if they have half a request")
                demand(primaryCuts == (wasAnswered && requestIsWhole ? 0 : 1), "the primary is cut unless it is done")
            }
            return objections
        }
    }

    private func step(_ state: inout ExchangeState, _ event: Event) -> (ExchangeState.Actions, overtook: Bool?) {
        switch event {
        case .requestEnded:
            state.requestEnded()
            return ([], nil)
        case .answerBegan: return ([], state.answerBegan())
        case .answerEnded: return (state.answerEnded(), nil)
        case .primaryFailed: return (state.primaryFailed(), nil)
        case .answeredLocally: return (state.answeredLocally(), nil)
        case .requestBroke: return (state.requestBroke(), nil)
        case .clientLeft: return (state.clientLeft(), nil)
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `every exchange finishes once, with one answer to whoever is still there`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        var endings: Set<Event> = []
        for walk in 0..<500 {
            var state = ExchangeState()
            var ledger = Ledger()
            var path: [Event] = []
            if dice.chance(percent: 30) {
                // A request without a body is complete when it begins.
                state.requestEnded()
                ledger.requestIsWhole = true
            }
            while ledger.finishes == 0 {
                let event = dice.pick(Event.allCases.filter(ledger.allows))
                let wasWhole = ledger.requestIsWhole
                let (actions, overtook) = step(&state, event)
                path.append(event)
                ledger.note(event, actions)
                var whereabouts: Comment { "seed \(seed), walk \(walk): \(path)" }
                if let overtook { #expect(overtook == !wasWhole, whereabouts) }
                #expect((state.request == .complete) == ledger.requestIsWhole, whereabouts)
                #expect(actions.isEmpty == (ledger.finishes == 0), whereabouts)
                guard ledger.finishes > 0 else { continue }
                #expect(ledger.objections(to: event) == [], whereabouts)
                #expect(state.mayKeepClient == ledger.requestIsWhole, whereabouts)
                endings.insert(event)
            }
        }
        // The walk is no proof of an ending that it never came to.
        let expected: Set<Event> = [.answerEnded, .primaryFailed, .answeredLocally, .requestBroke, .clientLeft]
        #expect(endings == expected, "seed \(seed)")
    }
}
