// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Counters and gauges.

internal import UnderstudyCore
internal import UnderstudyHTTP

struct NumberEndpoints: Sendable {
    let subject: AdminSubject

    var endpoints: [AdminEndpoint] {
        [
            AdminEndpoint(
                path: "/stats",
                help: "print server stats",
                parameters: [.init(name: "filter", help: "only those whose name holds this text")],
                answer: statistics
            ),
            AdminEndpoint(path: "/reset_counters", help: "reset all counters to zero", isMutating: true) { _ in
                subject.control.resetCounters()
                return PlainAnswer(body: "OK\n")
            },
        ]
    }

    @Sendable private func statistics(_ request: AdminRequest) -> PlainAnswer {
        let filter = request.query["filter"] ?? ""
        let lines = subject.view.statistics()
            .filter { filter.isEmpty || $0.name.contains(filter) }
            .sorted { $0.name < $1.name }
            .map { "\($0.name): \($0.value)\n" }
        return PlainAnswer(body: lines.joined())
    }
}
