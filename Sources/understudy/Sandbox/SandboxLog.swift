// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the services log, under their names, as `docker compose logs` shows it.

struct SandboxLog: Sendable {
    let usesColour: Bool

    private static let width = SandboxServiceName.all.map(\.name.count).max() ?? 0
    /// ANSI colours by service: cyan, yellow, green, magenta, as compose deals them out.
    private static let colours = [36, 33, 32, 35]

    /// Two lines for a request: its Host, then the request line.
    func write(_ record: SandboxRecord, line: String) {
        StandardStream.output.write(entry(record, line: line))
    }

    func entry(_ record: SandboxRecord, line: String) -> String {
        let prefix = prefix(record.service)
        return "\(prefix)Host: \(record.host)\n\(prefix)\(line)\n"
    }

    private func prefix(_ service: String) -> String {
        let padded = service + String(repeating: " ", count: max(0, Self.width - service.count)) + "  | "
        guard usesColour, let index = SandboxServiceName.all.firstIndex(where: { $0.name == service }) else {
            return padded
        }
        return "\u{1B}[\(Self.colours[index % Self.colours.count])m\(padded)\u{1B}[0m"
    }
}
