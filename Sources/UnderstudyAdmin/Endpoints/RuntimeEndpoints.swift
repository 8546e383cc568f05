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

    var endpoints: [AdminEndpoint] {
        [
            AdminEndpoint(path: "/runtime", help: "print runtime values") { [control] _ in
                PlainAnswer(contentType: "application/json", body: control.runtimeDocument().json)
            },
            AdminEndpoint(
                path: "/runtime_modify",
                help: """
                    Adds or modifies runtime values as passed in query parameters. To delete a previously added key, \
                    use an empty string as the value. Note that deletion only applies to overrides added via this \
                    endpoint; values loaded from disk can be modified via override but not deleted. E.g. \
                    ?key1=value1&key2=value2...
                    """,
                isMutating: true,
                takesOtherParameters: true,
                answer: modify
            ),
        ]
    }

    @Sendable private func modify(_ request: AdminRequest) async -> PlainAnswer {
        guard !request.query.all.isEmpty else { return Self.usage }
        do throws(RuntimeFault) {
            try await control.modifyRuntime(request.query.all.map { ($0.name, $0.value) })
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
