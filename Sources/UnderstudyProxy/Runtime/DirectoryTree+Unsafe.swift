// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Small files in nested directories, read within bounds.
//
// Unsafe because POSIX hands out C structures and takes C buffers. Names are copied at once, and no more than the
// buffer's own size is ever read into it.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Reads directories; symbolic links are followed, except where `identity(of:)` looks at one itself.
enum DirectoryTree {
    enum Kind { case file, directory, other }

    /// Which file or link stands under a path.
    ///
    /// Differs once something else was moved there.
    struct Identity: Sendable, Equatable {
        fileprivate var device: UInt64
        fileprivate var inode: UInt64
        /// Of a link only: what is in a directory may change without its being another.
        fileprivate var seconds = 0
        fileprivate var nanoseconds = 0
    }

    /// `nil` if nothing is there.
    static func identity(of path: String) -> Identity? {
        var facts = stat()
        guard unsafe lstat(path, &facts) == 0 else { return nil }
        var identity = Identity(device: UInt64(facts.st_dev), inode: UInt64(facts.st_ino))
        if facts.st_mode & S_IFMT == S_IFLNK {
            #if canImport(Darwin)
            let time = facts.st_mtimespec
            #else
            let time = facts.st_mtim
            #endif
            identity.seconds = Int(time.tv_sec)
            identity.nanoseconds = Int(time.tv_nsec)
        }
        return identity
    }

    static func kind(of path: String) -> Kind {
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else { return .other }
        switch facts.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .directory
        default: return .other
        }
    }

    /// What the directory holds, by name; `nil` if it cannot be read.
    static func names(in path: String) -> [String]? {
        guard let directory = unsafe opendir(path) else { return nil }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The file's bytes, at most one more than `limit`; `nil` if it cannot be read.
    static func read(_ path: String, limit: Int) -> [UInt8]? {
        // A pipe without a writer must not hold up anything.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var length = 0
        while length < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                // Safe: length is below the buffer's count, so its base address exists.
                unsafe Self.read(descriptor, UnsafeMutableRawBufferPointer(rebasing: buffer[length...]))
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            length += count
        }
        return Array(bytes[..<length])
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
