// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The command line's root. With no subcommand it serves, as `envoy -c FILE` does.

internal import ArgumentParser

@main
struct Understudy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "understudy",
        abstract: "A traffic-mirroring HTTP proxy that reads your envoy.yaml.",
        version: Version.text,
        subcommands: [
            ServeCommand.self, SandboxCommand.self, MirrorCommand.self, ValidateCommand.self,
        ],
        defaultSubcommand: ServeCommand.self
    )
}

enum Version {
    static let text = "0.1.0"
}
