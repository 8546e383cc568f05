// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The life of an exchange, transition by transition.

import Testing
import UnderstudyCore

struct ExchangeStateTests {
    /// The request is still arriving.
    private var receiving: ExchangeState { ExchangeState() }

    /// The whole request has arrived.
    private var complete: ExchangeState {
        var state = ExchangeState()
        state.requestEnded()
        return state
    }

    private func streaming(_ state: ExchangeState) -> ExchangeState {
        var state = state
        _ = state.answerBegan()
        return state
    }

    // MARK: The usual way

    @Test func `an answer to a complete request does not overtake it`() {
        var state = complete
        #expect(state.answerBegan() == false)
        #expect(state.answer == .streaming)
    }

    @Test func `a complete answer to a complete request finishes, and the client may stay`() {
        var state = streaming(complete)
        #expect(state.answerEnded() == .finish)
        #expect(state.mayKeepClient)
        #expect(state.answer == .ended)
    }

    @Test func `a request that completes while the answer streams finishes as usual`() {
        var state = receiving
        #expect(state.answerBegan() == true)
        state.requestEnded()
        #expect(state.answerEnded() == .finish)
    }

    // MARK: The answer overtakes the request

    @Test func `an answer before the end of the request overtakes it`() {
        var state = receiving
        #expect(state.answerBegan() == true)
    }

    @Test func `an answer that ends before its request cuts primary and mirrors`() {
        var state = streaming(receiving)
        #expect(state.answerEnded() == [.cutPrimary, .cutMirrors, .finish])
        #expect(!state.mayKeepClient)
    }

    // MARK: The primary fails

    @Test func `a primary that fails before its answer gets the client a reply`() {
        var state = complete
        #expect(state.primaryFailed() == [.reply, .cutPrimary, .finish])
        #expect(state.mayKeepClient)
    }

    @Test func `a primary that fails in mid-answer breaks the client off`() {
        var state = streaming(complete)
        #expect(state.primaryFailed() == [.abortClient, .cutPrimary, .finish])
    }

    @Test func `a primary that fails while the request arrives takes the mirrors along`() {
        var state = receiving
        #expect(state.primaryFailed() == [.reply, .cutPrimary, .cutMirrors, .finish])
        #expect(!state.mayKeepClient)
    }

    @Test func `a primary that fails in an early answer breaks the client off and cuts the mirrors`() {
        var state = streaming(receiving)
        #expect(state.primaryFailed() == [.abortClient, .cutPrimary, .cutMirrors, .finish])
    }

    @Test func `a failed primary leaves the mirrors of a complete request alone`() {
        var (before, within) = (complete, streaming(complete))
        #expect(before.primaryFailed().isDisjoint(with: .cutMirrors))
        #expect(within.primaryFailed().isDisjoint(with: .cutMirrors))
    }

    // MARK: The request breaks

    @Test func `a broken request gets a reply, and no upstream takes it for whole`() {
        var state = receiving
        #expect(state.requestBroke() == [.reply, .cutPrimary, .cutMirrors, .finish])
        #expect(!state.mayKeepClient)
    }

    @Test func `a request that breaks in an early answer breaks the client off`() {
        var state = streaming(receiving)
        #expect(state.requestBroke() == [.abortClient, .cutPrimary, .cutMirrors, .finish])
        #expect(!state.mayKeepClient)
    }

    // MARK: The client leaves

    @Test func `a client that leaves in mid-request cuts everything`() {
        var state = receiving
        #expect(state.clientLeft() == [.cutPrimary, .cutMirrors, .finish])
    }

    @Test func `a client that leaves after its request cuts the primary only`() {
        var (awaited, answered) = (complete, streaming(complete))
        #expect(awaited.clientLeft() == [.cutPrimary, .finish])
        #expect(answered.clientLeft() == [.cutPrimary, .finish])
    }

    @Test func `nobody answers a client that left`() {
        for var state in [receiving, complete, streaming(receiving), streaming(complete)] {
            #expect(state.clientLeft().isDisjoint(with: [.reply, .abortClient]))
        }
    }

    // MARK: Local answers

    @Test func `a local answer touches no upstream`() {
        var (early, late) = (receiving, complete)
        #expect(early.answeredLocally() == [.reply, .finish])
        #expect(late.answeredLocally() == [.reply, .finish])
    }

    @Test func `a local answer to half a request does not keep the client`() {
        var (early, late) = (receiving, complete)
        _ = early.answeredLocally()
        _ = late.answeredLocally()
        #expect(!early.mayKeepClient)
        #expect(late.mayKeepClient)
    }
}
