// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// `/config_dump`: the configuration as it was read.

internal import UnderstudyCore
internal import UnderstudyHTTP

struct ConfigurationEndpoints: Sendable {
    let view: any ServerView

    var endpoints: [AdminEndpoint] {
        [
            AdminEndpoint(
                path: "/config_dump",
                help: "dump current configs",
                parameters: [
                    .init(name: "resource", help: "The resource to dump"),
                    .init(name: "mask", help: "not supported here", isOffered: false),
                    .init(name: "name_regex", help: "only configurations whose whole name matches (Google re2)"),
                    .init(
                        name: "include_eds",
                        help: "accepted; endpoints stand in their clusters",
                        kind: .flag,
                        isOffered: false
                    ),
                ],
                answer: answer
            )
        ]
    }

    @Sendable private func answer(_ request: AdminRequest) -> PlainAnswer {
        guard (request.query["mask"] ?? "").isEmpty else {
            return Self.refusal(400, "mask is not supported; resource and name_regex are\n")
        }
        var dump = ConfigurationDump(view.document, startTime: view.information.startTime)
        if let source = request.query["name_regex"], !source.isEmpty {
            do {
                let pattern = try NamePattern(whole: source)
                dump.keep { pattern.matches($0) }
            } catch {
                let reason = "Error while parsing name_regex from \(source): \(error.reason)"
                return Self.refusal(400, "INVALID_ARGUMENT: \(reason)")
            }
        }
        guard let resource = request.query["resource"], !resource.isEmpty else {
            return PlainAnswer(contentType: "application/json", body: IndentedJSON.laidOut(dump.json))
        }
        if resource == "bootstrap" {
            return Self.refusal(400, "bootstrap is not a repeated field. Use ?mask=bootstrap to get only this field")
        }
        guard let json = dump.json(resource: resource) else {
            return Self.refusal(404, "\(resource) not found in config dump")
        }
        return PlainAnswer(contentType: "application/json", body: IndentedJSON.laidOut(json))
    }

    private static func refusal(_ status: Int, _ text: String) -> PlainAnswer {
        PlainAnswer(status: status, contentType: "text/plain", body: text)
    }
}
