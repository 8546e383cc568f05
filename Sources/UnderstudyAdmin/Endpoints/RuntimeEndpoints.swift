// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Runtime values, to look at and to change.

internal import UnderstudyCore
internal import UnderstudyHTTP

/// `/runtime` and `/runtime_modify` in Envoy's words.
///
/// - Source: measured on Envoy 1.40.
struct RuntimeEndpoints: Sendable {
    let control: any RuntimeControl

    var document: PlainAnswer {
        PlainAnswer(contentType: "application/json", body: control.runtimeDocument().json)
    }

    /// - Parameter query: What stands behind the question mark; a form in the body counts only without it.
    func modify(_ request: PlainRequest, query: String) async -> PlainAnswer {
        guard request.method == "POST" else {
            return PlainAnswer(status: 405, body: "Method \(request.method) not allowed, POST required.")
        }
        var parameters = QueryParameters(query)
        if parameters.all.isEmpty, request.contentType == "application/x-www-form-urlencoded" {
            parameters = QueryParameters(String(decoding: request.body, as: UTF8.self))
        }
        guard !parameters.all.isEmpty else { return Self.usage }
        do throws(RuntimeFault) {
            try await control.modifyRuntime(parameters.all.map { ($0.name, $0.value) })
            return PlainAnswer(body: "OK\n")
        } catch {
            return PlainAnswer(status: 503, body: error.message)
        }
    }

    private static let usage = PlainAnswer(
        status: 400,
        body: """
            usage: /runtime_modify?key1=value1&key2=value2&keyN=valueN
                   or send the parameters as form values
            use an empty value to remove a previously added override
            """
    )
}
