// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// `understudy mirror`: mirroring without a file. It is a way to write an envoy.yaml, and nothing else.

internal import ArgumentParser
internal import UnderstudyConfig

struct MirrorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mirror",
        abstract: "Answer every request from one service and copy it to others, without a configuration file."
    )

    @Option(help: ArgumentHelp("http://HOST[:PORT] of the service that answers.", valueName: "url"))
    var primary: UpstreamURL

    @Option(help: ArgumentHelp("http://HOST[:PORT] of a service that gets a copy. Repeatable.", valueName: "url"))
    var mirror: [UpstreamURL]

    @Option(help: ArgumentHelp("ADDRESS:PORT to listen on.", valueName: "address"))
    var listen = "0.0.0.0:10000"

    @Flag(name: .customLong("print-config"), help: "Print the envoy.yaml that this stands for, and exit.")
    var printsConfiguration = false

    @OptionGroup var options: RunOptions

    func validate() throws {
        _ = try ListenAddress(listen)
    }

    func run() async throws {
        let text = MirrorConfiguration(listen: try ListenAddress(listen), primary: primary, mirrors: mirror).envoyYAML
        if printsConfiguration {
            StandardStream.output.write(text)
            return
        }
        let source = ConfigurationSource.inline(text, name: "understudy mirror")
        let configuration = try ConfigurationReport.load(source, allowsUnknownFields: false)
        let origin = ConfigurationOrigin(
            source: source,
            allowsUnknownFields: false,
            watch: nil,
            adjust: { [options] in options.adjust(&$0) }
        )
        try await Serving.run(configuration, from: origin, options: options, values: options.values())
    }
}
