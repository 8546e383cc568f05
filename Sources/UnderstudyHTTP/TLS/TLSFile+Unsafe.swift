// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The files that certificates and keys are in: their bytes, and whether they have changed.
//
// Unsafe because POSIX fills C structures and C buffers; no more than the buffer's own size is ever read into it.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

enum TLSFile {
    /// No certificate file is longer.
    static let mostBytes = 4 * 1024 * 1024

    /// What stands at the end of a path, every link on the way followed.
    ///
    /// Kubernetes replaces the files of a Secret by moving a link to their directory.
    struct Identity: Sendable, Equatable {
        fileprivate var device: UInt64 = 0
        fileprivate var inode: UInt64 = 0
        fileprivate var size = 0
        fileprivate var seconds = 0
        fileprivate var nanoseconds = 0
        /// Of the last change to who may read it, too.
        fileprivate var changeSeconds = 0
        fileprivate var changeNanoseconds = 0

        /// No file's.
        static let unseen = Identity(device: .max, inode: .max)
    }

    /// `nil` if nothing is there.
    static func identity(of path: String) -> Identity? {
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else { return nil }
        #if canImport(Darwin)
        let (time, change) = (facts.st_mtimespec, facts.st_ctimespec)
        #else
        let (time, change) = (facts.st_mtim, facts.st_ctim)
        #endif
        return Identity(
            device: UInt64(facts.st_dev),
            inode: UInt64(facts.st_ino),
            size: Int(facts.st_size),
            seconds: Int(time.tv_sec),
            nanoseconds: Int(time.tv_nsec),
            changeSeconds: Int(change.tv_sec),
            changeNanoseconds: Int(change.tv_nsec)
        )
    }

    /// - Throws: `TLSFault` without a place.
    static func read(_ path: String) throws(TLSFault) -> [UInt8] {
        // A pipe without a writer must not hold up anything.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = unsafe part.withUnsafeMutableBytes { buffer in
                unsafe Self.read(descriptor, buffer)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path, errno) }
            if count == 0 { break }
            bytes.append(contentsOf: part[..<count])
            guard bytes.count <= mostBytes else {
                throw TLSFault(file: path, reason: "the file is larger than \(mostBytes) bytes")
            }
        }
        return bytes
    }

    private static func unreadable(_ path: String, _ code: CInt) -> TLSFault {
        let isPassing = [EMFILE, ENFILE, ENOMEM].contains(code)
        return TLSFault(file: path, reason: "cannot be read: \(SystemErrorText.text(code))", isPassing: isPassing)
    }

    private static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Glibc)
        unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
        unsafe Musl.read(descriptor, buffer.baseAddress, buffer.count)
        #else
        unsafe Darwin.read(descriptor, buffer.baseAddress, buffer.count)
        #endif
    }
}
