// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The event loops of the workers.

#if os(Linux)
public import Dispatch
public import NIOCore
internal import Synchronization

public final class EpollGroup: EventLoopGroup {
    let loops: [EpollLoop]
    private let turn = Atomic(0)

    /// - Parameter count: Of loops, at least one.
    public init(loops count: Int) throws(IOError) {
        var loops: [EpollLoop] = []
        do throws(IOError) {
            for number in 0..<max(1, count) { loops.append(try EpollLoop(name: "worker \(number)")) }
        } catch {
            for loop in loops { loop.shutdownGracefully { _ in } }
            throw error
        }
        self.loops = loops
    }

    /// Those of a group, from the one on that has its turn; `nil` if it has others.
    static func loops(of group: any EventLoopGroup) -> [EpollLoop]? {
        if let loop = group as? EpollLoop { return [loop] }
        guard let group = group as? EpollGroup else { return nil }
        let first = group.turn.wrappingAdd(1, ordering: .relaxed).oldValue % group.loops.count
        return Array(group.loops[first...] + group.loops[..<first])
    }

    public func next() -> any EventLoop {
        loops[turn.wrappingAdd(1, ordering: .relaxed).oldValue % loops.count]
    }

    public func makeIterator() -> EventLoopIterator { EventLoopIterator(loops) }

    public func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        let ends = DispatchGroup()
        for loop in loops {
            ends.enter()
            loop.shutdownGracefully(queue: queue) { _ in ends.leave() }
        }
        ends.notify(queue: queue) { callback(nil) }
    }
}
#endif
