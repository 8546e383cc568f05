// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The event loops that serve clients: the system's own on Linux, NIO's elsewhere.

public import NIOCore
internal import NIOPosix

public enum WorkerLoops {
    /// - Throws: `IOError`, if the system has no threads or descriptors for them.
    public static func make(_ count: Int) throws -> any EventLoopGroup {
        #if os(Linux)
        try EpollGroup(loops: count)
        #else
        MultiThreadedEventLoopGroup(numberOfThreads: count)
        #endif
    }
}
