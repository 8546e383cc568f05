// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The options that every command which serves traffic shares. Envoy's names where Envoy has one.

internal import ArgumentParser
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
        name: .customLong("drain-strategy"),
        help: "While draining, ask clients to leave one by one (gradual) or all at once (immediate)."
    )
    var drainStrategy = DrainStrategy.gradual

    @Option(
        name: .customLong("lame-duck-s"),
        help: ArgumentHelp(
            "How long clients are still accepted after SIGTERM, so that load balancers notice, in seconds.",
            valueName: "s"
        )
    )
    var lameDuckTime = 0

    @Flag(name: .customLong("watch"), help: "Load the configuration again whenever its file changes.")
    var watchesConfiguration = false

    @Option(
        name: .customLong("admin-address-path"),
        help: ArgumentHelp("File to write the admin server's address to.", valueName: "file")
    )
    var adminAddressPath: String?

    @Option(
        name: .customLong("service-cluster"),
        help: ArgumentHelp("Name of the service, instead of node.cluster.", valueName: "name")
    )
    var serviceCluster = ""

    @Option(
        name: .customLong("service-node"),
        help: ArgumentHelp("Name of this process, instead of node.id.", valueName: "name")
    )
    var serviceNode = ""

    @Option(
        name: .customLong("service-zone"),
        help: ArgumentHelp("Zone of this process, instead of node.locality.zone.", valueName: "name")
    )
    var serviceZone = ""

    @Option(
        name: .customLong("file-flush-interval-msec"),
        help: ArgumentHelp("Longest time that an access log line waits to be written, in ms.", valueName: "ms")
    )
    var fileFlushInterval = 10_000

    @Option(
        name: .customLong("file-flush-min-size-kb"),
        help: ArgumentHelp("Access log lines are written as soon as there are so many KiB of them.", valueName: "kb")
    )
    var fileFlushSize = 64

    @Option(
        name: .customLong("add-host"),
        help: ArgumentHelp(
            "NAME:ADDRESS, a name that is not asked of DNS. Repeatable, as with Docker.",
            valueName: "name:address"
        )
    )
    var addedHosts: [HostMapping] = []

    @OptionGroup(title: "Logging") var log: LogOptions

    @OptionGroup(title: "Accepted as Envoy's, without effect") var accepted: AcceptedOptions

    enum DrainStrategy: String, ExpressibleByArgument, CaseIterable {
        case gradual, immediate
    }

    func validate() throws {
        if let concurrency, !(1...1024).contains(concurrency) {
            throw ValidationError("--concurrency \(concurrency): accepted are 1 to 1024")
        }
        if !(0...86_400).contains(drainTime) {
            throw ValidationError("--drain-time-s \(drainTime): accepted are 0 to 86400")
        }
        if !(0...3600).contains(lameDuckTime) {
            throw ValidationError("--lame-duck-s \(lameDuckTime): accepted are 0 to 3600")
        }
        if !(1...86_400_000).contains(fileFlushInterval) {
            throw ValidationError("--file-flush-interval-msec \(fileFlushInterval): accepted are 1 to 86400000")
        }
        if !(1...1_048_576).contains(fileFlushSize) {
            throw ValidationError("--file-flush-min-size-kb \(fileFlushSize): accepted are 1 to 1048576")
        }
    }

    /// What the command line says in place of the file.
    func adjust(_ configuration: inout ServerConfiguration) {
        if !serviceCluster.isEmpty { configuration.serviceCluster = serviceCluster }
        if !serviceNode.isEmpty { configuration.serviceNode = serviceNode }
    }

    var serverOptions: ProxyServer.Options {
        var options = ProxyServer.Options()
        if let concurrency { options.concurrency = concurrency }
        options.drainTime = .seconds(Int64(drainTime))
        options.drainStrategy = drainStrategy == .gradual ? .gradual : .immediate
        options.logFlushInterval = .milliseconds(Int64(fileFlushInterval))
        options.logFlushSize = fileFlushSize * 1024
        options.lameDuckTime = .seconds(Int64(lameDuckTime))
        for mapping in addedHosts { options.hosts[mapping.name] = mapping.address }
        return options
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
