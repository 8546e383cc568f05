// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The process as a whole: its state, its memory, its end.

internal import UnderstudyCore
internal import UnderstudyHTTP

struct ServerEndpoints: Sendable {
    let subject: AdminSubject

    var endpoints: [AdminEndpoint] {
        [
            AdminEndpoint(path: "/ready", help: "print server state, return 200 if LIVE, otherwise return 503") { _ in
                let state = subject.view.information.state
                return PlainAnswer(status: state == .live ? 200 : 503, body: state.name + "\n")
            },
            AdminEndpoint(path: "/server_info", help: "print server version/status information") { _ in
                let json = ServerInformationText.json(subject.view.information)
                return PlainAnswer(contentType: "application/json", body: json)
            },
            AdminEndpoint(path: "/memory", help: "print current allocation/heap usage") { _ in
                PlainAnswer(contentType: "application/json", body: Self.json(subject.view.memory))
            },
            AdminEndpoint(path: "/certs", help: "print certs on machine") { _ in
                let now = WallClock.nanoseconds() / 1_000_000_000
                let json = CertificateList.json(subject.view.certificates(), now: now)
                return PlainAnswer(contentType: "application/json", body: json)
            },
            AdminEndpoint(path: "/hot_restart_version", help: "print the hot restart compatibility version") { _ in
                PlainAnswer(body: "disabled")
            },
        ] + changes
    }

    private var changes: [AdminEndpoint] {
        [
            AdminEndpoint(
                path: "/healthcheck/fail",
                help: "cause the server to fail health checks",
                isMutating: true
            ) { _ in
                await subject.control.failHealthChecks(true)
                return PlainAnswer(body: "OK\n")
            },
            AdminEndpoint(
                path: "/healthcheck/ok",
                help: "cause the server to pass health checks",
                isMutating: true
            ) { _ in
                await subject.control.failHealthChecks(false)
                return PlainAnswer(body: "OK\n")
            },
            AdminEndpoint(path: "/reopen_logs", help: "reopen access logs", isMutating: true) { _ in
                await subject.control.reopenLogs()
                return PlainAnswer(body: "OK\n")
            },
            AdminEndpoint(path: "/quitquitquit", help: "exit the server", isMutating: true) { _ in
                subject.control.quit()
                return PlainAnswer(body: "OK\n")
            },
        ]
    }

    /// - Source: Envoy `admin.v3.Memory`; what another allocator has no word for is zero.
    private static func json(_ memory: MemoryStatus) -> String {
        let numbers: [(String, UInt64)] = [
            ("allocated", memory.allocated), ("heap_size", memory.heapSize), ("pageheap_unmapped", 0),
            ("pageheap_free", 0), ("total_thread_cache", 0), ("total_physical_bytes", memory.resident),
        ]
        return IndentedJSON.laidOut("{" + numbers.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",") + "}")
    }
}

extension ServerState {
    /// Envoy's word.
    var name: String {
        switch self {
        case .live: "LIVE"
        case .draining: "DRAINING"
        case .preInitializing: "PRE_INITIALIZING"
        case .initializing: "INITIALIZING"
        }
    }
}
