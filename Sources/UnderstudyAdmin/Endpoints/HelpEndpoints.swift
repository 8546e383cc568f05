// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The list of all paths, as text and as a page.

internal import UnderstudyCore
internal import UnderstudyHTTP

struct HelpEndpoints: Sendable {
    let view: any ServerView
    let others: [AdminEndpoint]

    var endpoints: [AdminEndpoint] {
        let help = AdminEndpoint(path: "/help", help: "print out list of admin commands") { _ in PlainAnswer(body: "") }
        let home = AdminEndpoint(path: "/", help: "Admin home page") { _ in PlainAnswer(body: "") }
        let all = others + [help, home]
        let text = Self.text(of: all)
        var result = [help, home]
        result[0].answer = { _ in PlainAnswer(body: text) }
        result[1].answer = { [view, others] _ in
            let page = HomePage(information: view.information, endpoints: others + [help])
            return PlainAnswer(contentType: "text/html; charset=UTF-8", body: page.html)
        }
        return result
    }

    static func text(of endpoints: [AdminEndpoint]) -> String {
        let sorted = endpoints.sorted { $0.path < $1.path }
        return "admin commands are:\n" + sorted.map(\.helpText).joined()
    }
}
