// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where the proxy listens, and how it stops to.

internal import UnderstudyCore
internal import UnderstudyHTTP

struct ListenerEndpoints: Sendable {
    let subject: AdminSubject

    var endpoints: [AdminEndpoint] {
        [
            AdminEndpoint(
                path: "/listeners",
                help: "print listener info",
                parameters: [.init(name: "format", help: "File format to use", kind: .choice(["text", "json"]))],
                answer: list
            ),
            AdminEndpoint(
                path: "/drain_listeners",
                help: "drain listeners",
                isMutating: true,
                parameters: [
                    .init(
                        name: "graceful",
                        help: "keep accepting for the drain time, and end connections little by little meanwhile",
                        kind: .flag
                    ),
                    .init(
                        name: "skip_exit",
                        help: "drain connections, but never close the listeners",
                        kind: .flag
                    ),
                    .init(
                        name: "inboundonly",
                        help: "only listeners whose traffic_direction is INBOUND",
                        kind: .flag
                    ),
                ],
                answer: drain
            ),
        ]
    }

    @Sendable private func list(_ request: AdminRequest) -> PlainAnswer {
        let listeners = subject.view.listenerStatuses()
        guard request.query["format"] == "json" else {
            let lines = listeners.map { listener in
                var address: [UInt8] = []
                listener.address.append(to: &address)
                return "\(listener.name)::\(String(decoding: address, as: UTF8.self))\n"
            }
            return PlainAnswer(body: lines.joined())
        }
        let statuses = listeners.map {
            "{\"name\":\(IndentedJSON.quoted($0.name)),\"local_address\":\($0.address.json)}"
        }
        let json = statuses.isEmpty ? "{}" : "{\"listener_statuses\":[" + statuses.joined(separator: ",") + "]}"
        return PlainAnswer(contentType: "application/json", body: IndentedJSON.laidOut(json))
    }

    @Sendable private func drain(_ request: AdminRequest) async -> PlainAnswer {
        var drain = ListenerDrain()
        drain.isGraceful = request.query.has("graceful")
        drain.skipsExit = request.query.has("skip_exit")
        drain.onlyInbound = request.query.has("inboundonly")
        await subject.control.drainListeners(drain)
        return PlainAnswer(body: "OK\n")
    }
}
