// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// `/mirrors`: what became of every copy, and the switch that stops them.

internal import UnderstudyCore
internal import UnderstudyHTTP

/// Envoy has none of these.
struct MirrorEndpoints: Sendable {
    let control: any MirrorControl

    var endpoints: [AdminEndpoint] {
        [
            AdminEndpoint(
                path: "/mirrors",
                help: "what became of copies, by route and mirror",
                parameters: [
                    .init(name: "route", help: "Only the route of this name"),
                    .init(name: "mirror", help: "Only the mirror cluster of this name"),
                    .init(name: "format", help: "File format to use", kind: .choice(["text", "json"])),
                ],
                answer: show
            ),
            AdminEndpoint(
                path: "/mirrors/disable",
                help: "start no more copies; those in flight run on",
                isMutating: true,
                parameters: [Self.mirror]
            ) { await set(false, $0) },
            AdminEndpoint(
                path: "/mirrors/enable",
                help: "start copies again",
                isMutating: true,
                parameters: [Self.mirror]
            ) { await set(true, $0) },
        ]
    }

    private static let mirror = AdminEndpoint.Parameter(
        name: "mirror",
        help: "Only the mirror cluster of this name; unless given, the switch over all"
    )

    // MARK: Looking

    @Sendable private func show(_ request: AdminRequest) -> PlainAnswer {
        var status = control.mirroring()
        if let name = Self.given("route", in: request) {
            guard status.entries.contains(where: { $0.key.route == name }) else {
                return Self.unknown("route", name, Set(status.entries.map(\.key.route)).sorted())
            }
            status.entries.removeAll { $0.key.route != name }
            let mirrors = Set(status.entries.map(\.key.mirror))
            status.clusters.removeAll { !mirrors.contains($0.name) }
        }
        if let name = Self.given("mirror", in: request) {
            let names = Set(status.entries.map(\.key.mirror)).union(status.clusters.map(\.name))
            guard names.contains(name) else { return Self.unknown("mirror", name, names.sorted()) }
            status.entries.removeAll { $0.key.mirror != name }
            status.clusters.removeAll { $0.name != name }
        }
        guard request.query["format"] == "json" else { return PlainAnswer(body: status.text) }
        return PlainAnswer(contentType: "application/json", body: status.json)
    }

    // MARK: Switching

    private func set(_ isEnabled: Bool, _ request: AdminRequest) async -> PlainAnswer {
        let name = Self.given("mirror", in: request)
        if case .unknown(let names) = await control.setMirroring(isEnabled, mirror: name) {
            return Self.unknown("mirror", name ?? "", names)
        }
        return PlainAnswer(body: control.mirroring().sentence(isEnabled, mirror: name))
    }

    /// A form sends the fields that were left empty, too.
    private static func given(_ name: String, in request: AdminRequest) -> String? {
        request.query[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func unknown(_ what: String, _ name: String, _ names: [String]) -> PlainAnswer {
        let names = names.filter { !$0.isEmpty }
        let accepted = names.isEmpty ? "none" : MirroringStatus.list(names)
        return PlainAnswer(status: 404, body: "no \(what) '\(AdminEndpoint.excerpt(name))'; accepted: \(accepted)\n")
    }
}

extension MirroringStatus {
    /// What a switch has come to.
    fileprivate func sentence(_ isOn: Bool, mirror: String?) -> String {
        let subject = mirror.map { "mirror \(AdminEndpoint.excerpt($0)) is" } ?? "mirrors are"
        guard isOn else {
            let entries = self.entries.filter { mirror == nil || $0.key.mirror == mirror }
            let rest = entries.reduce(0) { $0 &+ $1.counts.inFlight }
            switch rest {
            case 0: return "\(subject) off: no copy is in flight\n"
            case 1: return "\(subject) off: 1 copy in flight runs on\n"
            default: return "\(subject) off: \(rest) copies in flight run on\n"
            }
        }
        if mirror != nil {
            return subject + (isEnabled ? " on\n" : " on, but all are off: POST /mirrors/enable switches them on\n")
        }
        let off = clusters.filter { !$0.isEnabled }.map(\.name)
        return off.isEmpty
            ? "\(subject) on\n" : "\(subject) on, but for those switched off by name: \(Self.list(off))\n"
    }

    /// The first 20 names, and how many more there are.
    fileprivate static func list(_ names: [String]) -> String {
        let first = names.prefix(20).map(AdminEndpoint.excerpt).joined(separator: ", ")
        return names.count > 20 ? "\(first), and \(names.count - 20) more" : first
    }
}
