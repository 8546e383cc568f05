// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The life of a copy, transition by transition.

import Testing
import UnderstudyCore

struct MirrorStateTests {
    private var sending: MirrorState { MirrorState() }

    private var waiting: MirrorState {
        var state = MirrorState()
        _ = state.requestEnded()
        return state
    }

    private func answering(_ state: MirrorState, _ status: Int = 200) -> MirrorState {
        var state = state
        state.answerBegan(status: status)
        return state
    }

    @Test func `a copy begins by sending`() {
        #expect(sending.isSending)
        #expect(!sending.hasEnded)
    }

    @Test func `the timeout starts when the request is complete, once`() {
        var state = sending
        #expect(state.requestEnded() == .startTimeout)
        #expect(!state.isSending)
        #expect(state.requestEnded() == .none)
    }

    @Test(
        arguments: [
            (200, .ok), (204, .ok), (301, .ok), (399, .ok), (400, .clientError), (404, .clientError),
            (503, .serverError),
            (600, .otherError),
        ]
            as [(Int, MirrorOutcome)]
    )
    func `a whole answer is judged by its status`(status: Int, outcome: MirrorOutcome) {
        var state = answering(waiting, status)
        #expect(state.answerEnded(reusable: true) == .release(outcome))
        #expect(state.hasEnded)
    }

    @Test func `a connection that is not reusable is closed`() {
        var state = answering(waiting)
        #expect(state.answerEnded(reusable: false) == .close(.ok))
    }

    @Test func `an answer before the end of the request spends the connection`() {
        var state = answering(sending, 413)
        #expect(state.answerEnded(reusable: true) == .close(.clientError))
        #expect(state.requestEnded() == .none)
    }

    @Test func `an answer that began early and ended after the request is as good as any`() {
        var state = answering(sending, 201)
        #expect(state.requestEnded() == .startTimeout)
        #expect(state.answerEnded(reusable: true) == .release(.ok))
    }

    @Test func `an end without a beginning is no protocol`() {
        var state = waiting
        #expect(state.answerEnded(reusable: true) == .release(.protocolError))
    }

    @Test(arguments: UpstreamFailure.allCases)
    func `a failure closes, whatever was answered so far`(failure: UpstreamFailure) {
        for var state in [sending, waiting, answering(sending), answering(waiting)] {
            #expect(state.failed(failure) == .close(MirrorOutcome(failure)))
        }
    }

    @Test func `a copy that falls behind is cut`() {
        for var state in [sending, waiting, answering(sending), answering(waiting)] {
            #expect(state.fellBehind() == .close(.cutSlow))
        }
    }

    @Test func `a copy that is not answered in time is closed`() {
        for var state in [waiting, answering(waiting)] {
            #expect(state.timedOut() == .close(.timeout))
        }
    }

    @Test(arguments: [(true, .cutClientLeft), (false, .cutPrimaryEnded)] as [(Bool, MirrorOutcome)])
    func `half a request is cut with its exchange`(clientLeft: Bool, outcome: MirrorOutcome) {
        for var state in [sending, answering(sending)] {
            #expect(state.exchangeEnded(clientLeft: clientLeft) == .close(outcome))
        }
    }

    @Test(arguments: [true, false])
    func `a whole request outlives its exchange`(clientLeft: Bool) {
        var state = waiting
        #expect(state.exchangeEnded(clientLeft: clientLeft) == .none)
        #expect(!state.hasEnded)
        state.answerBegan(status: 200)
        #expect(state.answerEnded(reusable: true) == .release(.ok))
    }

    @Test func `after its end nothing happens to a copy`() {
        var state = sending
        _ = state.fellBehind()
        state.answerBegan(status: 200)
        #expect(state.requestEnded() == .none)
        #expect(state.answerEnded(reusable: true) == .none)
        #expect(state.failed(.reset) == .none)
        #expect(state.fellBehind() == .none)
        #expect(state.exchangeEnded(clientLeft: true) == .none)
        #expect(state.timedOut() == .none)
        #expect(state.hasEnded)
    }
}
