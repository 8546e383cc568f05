// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// `understudy sandbox`: the route-mirroring example in one process and one terminal.

internal import ArgumentParser
internal import NIOCore

struct SandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox",
        abstract: "Run the route-mirroring example: a front proxy and the four services behind it."
    )

    @Option(help: "The front proxy's port.")
    var port = 10000

    @Flag(help: "Play the example's steps, print what was seen, and exit: 0 if all is as it should be.")
    var check = false

    @Option(help: "Run only this service: service1, service1-mirror, service2 or service2-mirror.")
    var service: String?

    @Option(help: "With --service: where it listens.")
    var listen = "0.0.0.0:8080"

    func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError("--port \(port): accepted are 0 to 65535") }
        if let service, SandboxServiceName.named(service) == nil {
            let names = SandboxServiceName.all.map(\.name).joined(separator: ", ")
            throw ValidationError("--service \(service): accepted are \(names)")
        }
    }

    func run() async throws {
        do {
            if let service = service.flatMap(SandboxServiceName.named) {
                try await SandboxProcess.runService(service, listen: try ListenAddress(listen))
            } else if check {
                guard try await SandboxProcess.check(port: port) else { throw ExitCode.failure }
            } else {
                try await SandboxProcess.run(port: port)
            }
        } catch let failure as SandboxProcess.Failure {
            StandardStream.error.write("understudy: \(failure)\n")
            throw ExitCode.failure
        }
    }
}

/// `ADDRESS:PORT`, the address an IP literal, IPv6 in brackets.
struct ListenAddress: Equatable {
    let host: String
    let port: Int

    init(_ text: String) throws {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        else { throw ValidationError("'\(text)' is no address: accepted is ADDRESS:PORT, for instance 127.0.0.1:8080") }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard (try? SocketAddress(ipAddress: String(host), port: port)) != nil else {
            throw ValidationError("'\(text)' is no address: accepted is ADDRESS:PORT, for instance 127.0.0.1:8080")
        }
        self.host = String(host)
        self.port = port
    }
}
