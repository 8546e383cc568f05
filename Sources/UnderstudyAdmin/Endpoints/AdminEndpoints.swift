// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which path shows what, and what every request has to pass first.

internal import UnderstudyCore
internal import UnderstudyHTTP

/// - Source: measured on Envoy 1.40; that unknown parameters are refused is ours.
struct AdminEndpoints: Sendable {
    /// By path.
    private let table: [String: AdminEndpoint]
    private let help: String

    init(_ subject: AdminSubject) {
        var endpoints =
            ServerEndpoints(subject: subject).endpoints + ClusterEndpoints(view: subject.view).endpoints
            + ListenerEndpoints(subject: subject).endpoints + ConfigurationEndpoints(view: subject.view).endpoints
            + RuntimeEndpoints(control: subject.runtime).endpoints + LoggingEndpoints(logs: subject.logs).endpoints
            + NumberEndpoints(subject: subject).endpoints + MirrorEndpoints(control: subject.mirrors).endpoints
        let others = HelpEndpoints(view: subject.view, others: endpoints)
        endpoints += others.endpoints
        table = Dictionary(endpoints.map { ($0.path, $0) }) { first, _ in first }
        help = HelpEndpoints.text(of: endpoints)
    }

    func answer(_ request: PlainRequest) async -> PlainAnswer {
        var answer = await checked(request)
        answer.headers += [("cache-control", "no-cache, max-age=0"), ("x-content-type-options", "nosniff")]
        return answer
    }

    private func checked(_ request: PlainRequest) async -> PlainAnswer {
        let parts = request.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let endpoint = table[QueryParameters.decoded(parts.first ?? "")] else {
            return PlainAnswer(status: 404, body: "invalid path. " + help)
        }
        if endpoint.isMutating, let refusal = Self.refusal(of: request) { return refusal }
        var query = QueryParameters(parts.count > 1 ? String(parts[1]) : "")
        if query.all.isEmpty, Self.isForm(request) {
            guard request.isBodyComplete else {
                let most = PlainRequest.largestBody
                return PlainAnswer(
                    status: 413,
                    body: "a form of \(request.bodyLength) bytes; accepted: up to \(most)\n"
                )
            }
            query = QueryParameters(String(decoding: request.body, as: UTF8.self))
        }
        if let fault = endpoint.fault(in: query) { return PlainAnswer(status: 400, body: fault) }
        return await endpoint.answer(AdminRequest(method: request.method, query: query))
    }

    private static func refusal(of request: PlainRequest) -> PlainAnswer? {
        guard request.method == "POST" else {
            return PlainAnswer(status: 405, body: "Method \(request.method) not allowed, POST required.")
        }
        guard !request.isCrossSite else {
            return PlainAnswer(status: 403, body: "a page of another site may not change anything here\n")
        }
        return nil
    }

    private static func isForm(_ request: PlainRequest) -> Bool {
        let type = request.contentType.prefix { $0 != ";" && $0 != " " }
        return type.lowercased() == "application/x-www-form-urlencoded"
    }
}
