// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which pressure sets off what.

import Testing
import UnderstudyCore

@Suite struct OverloadOptionsTests {
    private static func options(_ action: OverloadAction, _ threshold: Double) -> OverloadOptions {
        OverloadOptions(
            monitors: [.init("heap", .heap(maximum: 100)), .init("clients", .connections(maximum: 1))],
            rules: [.init(action, [.init("heap", threshold: threshold), .init("clients", threshold: 0)])]
        )
    }

    private func state(_ options: OverloadOptions, _ pressure: Double) -> OverloadState {
        options.state { $0.name == "heap" ? pressure : nil }
    }

    @Test(arguments: OverloadAction.allCases)
    func `an action is on at its threshold and above`(action: OverloadAction) {
        let options = Self.options(action, 0.5)
        #expect(!state(options, 0.49).contains(OverloadState(action)))
        #expect(state(options, 0.5) == [OverloadState(action), .shedsCopies])
        #expect(state(options, 7) == [OverloadState(action), .shedsCopies])
    }

    @Test func `copies end before requests are refused`() {
        let options = Self.options(.stopAcceptingRequests, 1)
        #expect(state(options, 0.89) == [])
        #expect(state(options, 0.9) == .shedsCopies)
        #expect(state(options, 1) == [.shedsCopies, .stopsRequests])
    }

    @Test func `each action is a bit of its own`() {
        let all = OverloadAction.allCases.map { OverloadState($0) } + [.shedsCopies]
        #expect(all.reduce([] as OverloadState) { $0.union($1) }.rawValue.nonzeroBitCount == all.count)
    }

    @Test func `any of its triggers sets an action off`() {
        let options = OverloadOptions(
            monitors: [.init("a", .heap(maximum: 1)), .init("b", .heap(maximum: 1))],
            rules: [.init(.shrinkHeap, [.init("a", threshold: 0.5), .init("b", threshold: 0.1)])]
        )
        #expect(options.state { $0.name == "b" ? 0.2 : 0 }.contains(.shrinksHeap))
    }
}
