// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Files that cannot be read: one clear line each.

import Foundation
import Testing

@testable import UnderstudyConfig

@Suite struct ConfigurationSourceTests {
    private func load(path: String) -> ConfigurationResult {
        ConfigurationLoader.load(.file(path: path), allowUnknownFields: false)
    }

    private func withFile(_ bytes: Data, _ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "understudy-\(UUID().uuidString).yaml").path
        try bytes.write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test(arguments: ["/nonexistent/envoy.yaml", "", "nonexistent.yaml"])
    func `a missing file is said to be missing`(path: String) {
        #expect(load(path: path).rendered == "\(path)  error: no such file\n")
    }

    @Test func `a directory is said to be one`() {
        #expect(load(path: "/").rendered == "/  error: a directory, not a file\n")
    }

    @Test func `a file is read`() throws {
        try withFile(Data(Sample.text.utf8)) { path in
            #expect(load(path: path).configuration == Sample.load(Sample.text).configuration)
        }
    }

    @Test func `a file without permission is said to be closed`() throws {
        try withFile(Data()) { path in
            try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
            // The superuser may read it all the same, and finds it empty.
            let message =
                FileManager.default.isReadableFile(atPath: path) ? "empty" : "cannot be opened: permission denied"
            #expect(load(path: path).messages == [message])
        }
    }

    @Test func `text that is not UTF-8 is refused at its first wrong byte`() throws {
        try withFile(Data("a: b\nc: caf".utf8) + [0xE9, 0x0A]) { path in
            #expect(load(path: path).rendered == "\(path):2:7  error: not UTF-8\n")
        }
        try withFile(Data([0xFF, 0xFE, 0x61, 0x00])) { path in
            #expect(load(path: path).rendered == "\(path):1:1  error: not UTF-8\n")
        }
    }

    @Test func `a file above the cap is refused, and one at the cap is read`() throws {
        let comment = Data(repeating: UInt8(ascii: "#"), count: ConfigurationSource.maximumSize)
        try withFile(comment) { path in #expect(load(path: path).messages == ["empty"]) }
        try withFile(comment + [0x23]) { path in
            #expect(load(path: path).rendered == "\(path)  error: larger than 8 MiB\n")
        }
        let inline = String(decoding: comment + [0x23], as: UTF8.self)
        #expect(Sample.load(inline).messages == ["larger than 8 MiB"])
    }

    @Test(arguments: ["/dev/zero", "/dev/urandom", "/dev/null"])
    func `a device is said to be one`(path: String) {
        #expect(load(path: path).rendered == "\(path)  error: a device, not a file\n")
    }

    @Test func `a pipe that nobody writes into is said to be one`() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "understudy-\(UUID().uuidString).yaml").path
        let maker = try Process.run(URL(fileURLWithPath: "/usr/bin/env"), arguments: ["mkfifo", path])
        maker.waitUntilExit()
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(load(path: path).rendered == "\(path)  error: a pipe, not a file\n")
    }

    @Test func `a pipe that was inherited is read, such as a shell's`() throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("static_resources: {}\n".utf8))
        try pipe.fileHandleForWriting.close()
        #expect(load(path: "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)").isAccepted)
    }

    @Test func `a circle of links is said to lead nowhere`() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "understudy-\(UUID().uuidString).yaml").path
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(load(path: path).rendered == "\(path)  error: a link that leads nowhere\n")
    }
}
