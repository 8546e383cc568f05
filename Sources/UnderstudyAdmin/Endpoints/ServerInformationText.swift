// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// `/server_info`: who this is, since when, and with which command line.

internal import UnderstudyCore

/// - Source: Envoy `admin.v3.ServerInfo`; `reload`, at the end, is ours.
enum ServerInformationText {
    static func json(_ information: ServerInformation) -> String {
        let uptime = "\"\(max(0, information.now - information.startTime))s\""
        let members = [
            ("version", text(information.version)),
            ("state", text(information.state.name)),
            ("uptime_current_epoch", uptime),
            ("uptime_all_epochs", uptime),
            ("hot_restart_version", text("disabled")),
            ("command_line_options", object(information.options.map { ($0.name, json($0.value)) })),
            ("node", node(information)),
            ("hot_restart_initializing", "false"),
            ("reload", reload(information.reload)),
        ]
        return IndentedJSON.laidOut(object(members))
    }

    private static func node(_ information: ServerInformation) -> String {
        let version = information.version.split(separator: ".").prefix(3).map { Int($0) ?? 0 }
        let numbers = zip(["major_number", "minor_number", "patch"], version + Array(repeating: 0, count: 3))
        var members = [("id", text(information.serviceNode)), ("cluster", text(information.serviceCluster))]
        if !information.serviceZone.isEmpty {
            let zone = [("region", text("")), ("zone", text(information.serviceZone)), ("sub_zone", text(""))]
            members.append(("locality", object(zone)))
        }
        members += [
            ("user_agent_name", text("understudy")),
            (
                "user_agent_build_version",
                object([("version", object(numbers.map { ($0, "\($1)") })), ("metadata", "{}")])
            ),
            ("extensions", "[]"), ("client_features", "[]"), ("listening_addresses", "[]"),
            ("dynamic_parameters", "{}"),
        ]
        return object(members)
    }

    private static func reload(_ reload: ReloadStatus) -> String {
        let result =
            switch reload.result {
            case .never: "NEVER"
            case .loaded: "LOADED"
            case .refused: "REFUSED"
            }
        var members = [("result", text(result))]
        if reload.result != .never { members.append(("time", text(AdminTime.text(reload.time)))) }
        members.append(("errors", list(reload.errors)))
        return object(members)
    }

    private static func json(_ value: ServerInformation.OptionValue) -> String {
        switch value {
        case .text(let value): text(value)
        case .number(let value): "\(value)"
        case .flag(let value): "\(value)"
        case .list(let values): list(values)
        }
    }

    private static func text(_ value: String) -> String { IndentedJSON.quoted(value) }

    private static func list(_ values: [String]) -> String {
        "[" + values.map(text).joined(separator: ",") + "]"
    }

    private static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { "\(text($0)):\($1)" }.joined(separator: ",") + "}"
    }
}
