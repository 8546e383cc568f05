// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Notices that a path leads to another file, or to the same with other content.
//
// Unsafe because `stat` fills a C structure on the stack.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Looks at a path again and again.
///
/// Links are followed, every one on the way: Kubernetes replaces the files of a ConfigMap by moving a link to their
/// directory.
struct FileWatch: Sendable {
    let path: String
    /// Between looks; default half a second.
    var interval = Duration.milliseconds(500)

    /// What stands at the end of the path.
    struct Identity: Sendable, Equatable {
        fileprivate var device: UInt64 = 0
        fileprivate var inode: UInt64 = 0
        fileprivate var size = 0
        fileprivate var seconds = 0
        fileprivate var nanoseconds = 0
    }

    /// As it was when the watch was made: a change from then on is noticed.
    private let first: Identity?

    init(path: String) {
        self.path = path
        first = Self.identity(of: path)
    }

    /// `nil` if nothing is there.
    private static func identity(of path: String) -> Identity? {
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else { return nil }
        #if canImport(Darwin)
        let time = facts.st_mtimespec
        #else
        let time = facts.st_mtim
        #endif
        return Identity(
            device: UInt64(facts.st_dev),
            inode: UInt64(facts.st_ino),
            size: Int(facts.st_size),
            seconds: Int(time.tv_sec),
            nanoseconds: Int(time.tv_nsec)
        )
    }

    /// Calls `body` for every change, until the task is cancelled.
    ///
    /// A file that is still being written is left alone until two looks see the same. One that is gone is waited for.
    func run(_ body: @Sendable () async -> Void) async {
        var known = first
        var before = known
        // The interval of looking, not a wait for something else to happen.
        while (try? await Task.sleep(for: interval)) != nil {
            let now = Self.identity(of: path)
            defer { before = now }
            guard let now, now == before, now != known else { continue }
            known = now
            await body()
        }
    }
}
