// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// `/`: everything that the admin server can show or do, for a person with a browser.

internal import UnderstudyCore

/// One page without scripts or foreign resources: links to look at, and a form for each change.
struct HomePage {
    let information: ServerInformation
    let endpoints: [AdminEndpoint]

    var html: String {
        let sorted = endpoints.sorted { $0.path < $1.path }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Understudy admin</title>
            <link rel="icon" href="data:,">
            <style>
            \(HomePageStyle.text)
            </style>
            </head>
            <body>
            <header>
            <h1>Understudy admin</h1>
            \(facts)
            </header>
            <main>
            \(refusedReload)<section aria-labelledby="look">
            <h2 id="look">Look</h2>
            <ul>
            \(sorted.filter { !$0.isMutating }.map(Self.entry).joined(separator: "\n"))
            </ul>
            </section>
            <section aria-labelledby="change">
            <h2 id="change">Change</h2>
            <ul>
            \(sorted.filter(\.isMutating).map(Self.entry).joined(separator: "\n"))
            </ul>
            </section>
            </main>
            </body>
            </html>

            """
    }

    private var facts: String {
        let uptime = max(0, information.now - information.startTime)
        let state = information.state.name
        var facts = [
            ("State", "<strong class=\"state \(information.state == .live ? "good" : "bad")\">\(state)</strong>")
        ]
        facts.append(("Version", Self.escaped(information.version)))
        facts.append(("Up for", Self.span(uptime)))
        if !information.serviceCluster.isEmpty { facts.append(("Cluster", Self.escaped(information.serviceCluster))) }
        if !information.serviceNode.isEmpty { facts.append(("Node", Self.escaped(information.serviceNode))) }
        return "<dl>" + facts.map { "<div><dt>\($0)</dt><dd>\($1)</dd></div>" }.joined() + "</dl>"
    }

    /// What an operator has to know before all else.
    private var refusedReload: String {
        guard information.reload.result == .refused else { return "" }
        let errors = information.reload.errors.prefix(20).map { "<li><code>\(Self.escaped($0))</code></li>" }.joined()
        let time = AdminTime.text(information.reload.time)
        return """
            <section class="alarm" aria-labelledby="refused">
            <h2 id="refused">The last configuration was refused</h2>
            <p>At \(time). The one before it still serves.</p>
            <ul>\(errors)</ul>
            </section>

            """
    }

    private static func entry(_ endpoint: AdminEndpoint) -> String {
        let path = escaped(endpoint.path)
        let help = "<p>\(escaped(endpoint.help))</p>"
        guard endpoint.isMutating || !endpoint.parameters.isEmpty else {
            return "<li><a href=\"\(path)\">\(path)</a>\(help)</li>"
        }
        let method = endpoint.isMutating ? "post" : "get"
        let title = endpoint.isMutating ? "" : "<a href=\"\(path)\">\(path)</a>"
        let fields = endpoint.parameters.filter(\.isOffered).map { field($0, of: endpoint) }.joined()
        let button = "<button type=\"submit\">\(endpoint.isMutating ? path : "Show")</button>"
        return "<li>\(title)\(help)<form method=\"\(method)\" action=\"\(path)\">\(fields)\(button)</form></li>"
    }

    private static func field(_ parameter: AdminEndpoint.Parameter, of endpoint: AdminEndpoint) -> String {
        let name = escaped(parameter.name)
        let id = escaped("\(endpoint.path).\(parameter.name)")
        let control: String
        switch parameter.kind {
        case .text:
            control = "<input id=\"\(id)\" name=\"\(name)\" type=\"text\" autocomplete=\"off\" spellcheck=\"false\">"
        case .flag:
            control = "<input id=\"\(id)\" name=\"\(name)\" type=\"checkbox\" value=\"\">"
        case .choice(let values):
            let options = values.map { "<option value=\"\(escaped($0))\">\(escaped($0))</option>" }.joined()
            control = "<select id=\"\(id)\" name=\"\(name)\">\(options)</select>"
        }
        let help = "<small>\(escaped(parameter.help))</small>"
        return "<div class=\"field\"><label for=\"\(id)\"><span>\(name)</span>\(help)</label>\(control)</div>"
    }

    /// The two largest units.
    static func span(_ seconds: Int64) -> String {
        let units: [(Int64, String)] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")]
        var rest = seconds
        var parts: [String] = []
        for (length, name) in units {
            if rest >= length || (name == "s" && parts.isEmpty) { parts.append("\(rest / length) \(name)") }
            rest %= length
        }
        return parts.prefix(2).joined(separator: " ")
    }

    /// For text and for quoted attributes.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
