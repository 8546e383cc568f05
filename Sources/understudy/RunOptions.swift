// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The options that every command which serves traffic shares. Envoy's names where Envoy has one.

internal import ArgumentParser
internal import Logging
internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyProxy

struct RunOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Event loops to serve with. Default: the number of cores.", valueName: "n"))
    var concurrency: Int?

    @Option(
        name: .customLong("drain-time-s"),
        help: ArgumentHelp("Longest wait for requests in flight after SIGTERM, in seconds.", valueName: "s")
    )
    var drainTime = 600

    @Option(
        name: [.customShort("l"), .customLong("log-level")],
        help: ArgumentHelp("trace, debug, info, warning, error, critical or off.", valueName: "level")
    )
    var logLevel = LogLevel.info

    @Option(
        name: .customLong("add-host"),
        help: ArgumentHelp(
            "NAME:ADDRESS, a name that is not asked of DNS. Repeatable, as with Docker.",
            valueName: "name:address"
        )
    )
    var addedHosts: [HostMapping] = []

    func validate() throws {
        if let concurrency, !(1...1024).contains(concurrency) {
            throw ValidationError("--concurrency \(concurrency): accepted are 1 to 1024")
        }
        if !(0...86_400).contains(drainTime) {
            throw ValidationError("--drain-time-s \(drainTime): accepted are 0 to 86400")
        }
    }

    var serverOptions: ProxyServer.Options {
        var options = ProxyServer.Options()
        if let concurrency { options.concurrency = concurrency }
        options.drainTime = .seconds(Int64(drainTime))
        for mapping in addedHosts { options.hosts[mapping.name] = mapping.address }
        return options
    }

    var logger: Logger {
        LogFormat.logger("main", level: logLevel)
    }
}

/// `NAME:ADDRESS`; the address may be IPv6, with or without brackets.
struct HostMapping: ExpressibleByArgument {
    let name: String
    let address: String

    init?(argument: String) {
        guard let colon = argument.firstIndex(of: ":"), colon != argument.startIndex else { return nil }
        name = String(argument[..<colon])
        var address = argument[argument.index(after: colon)...]
        if address.hasPrefix("["), address.hasSuffix("]") { address = address.dropFirst().dropLast() }
        guard (try? SocketAddress(ipAddress: String(address), port: 0)) != nil else { return nil }
        self.address = String(address)
    }
}

extension LogLevel: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(name: argument)
    }

    public static var allValueStrings: [String] { allCases.map(\.rawValue) }

    /// `nil` logs nothing.
    var level: Logger.Level? {
        switch self {
        case .trace: .trace
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        case .error: .error
        case .critical: .critical
        case .off: nil
        }
    }
}
