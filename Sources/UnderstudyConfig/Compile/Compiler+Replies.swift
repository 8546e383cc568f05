// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Routes that answer without an upstream.

import EnvoyAPI
import UnderstudyCore

extension Compiler {
    mutating func compile(_ message: Envoy_Config_Route_V3_RedirectAction, at place: Place) -> RedirectAction {
        checkHeaderText(message.hostRedirect, at: place.field("host_redirect"))
        var redirect = RedirectAction()
        switch message.schemeRewriteSpecifier {
        case .httpsRedirect(let isAsked): redirect.scheme = isAsked ? "https" : nil
        case .schemeRedirect(let scheme): redirect.scheme = scheme.isEmpty ? nil : scheme
        case nil: break
        }
        redirect.host = message.hostRedirect.isEmpty ? nil : message.hostRedirect
        redirect.port = port(message, at: place.field("port_redirect"))
        redirect.path = path(message, at: place)
        redirect.status = message.responseCode.status
        redirect.stripsQuery = message.stripQuery
        return redirect
    }

    private mutating func port(_ message: Envoy_Config_Route_V3_RedirectAction, at place: Place) -> UInt16? {
        guard let port = UInt16(exactly: message.portRedirect) else {
            let rule = "value must be less than or equal to 65535"
            refuse(place, rule, found: String(message.portRedirect), accepted: "0 to 65535")
            return nil
        }
        return port == 0 ? nil : port
    }

    private mutating func path(
        _ message: Envoy_Config_Route_V3_RedirectAction,
        at place: Place
    ) -> RedirectAction.Path? {
        switch message.pathRewriteSpecifier {
        case .pathRedirect(let path):
            checkHeaderText(path, at: place.field("path_redirect"))
            return path.isEmpty ? nil : .whole(path)
        case .prefixRewrite(let prefix):
            checkHeaderText(prefix, at: place.field("prefix_rewrite"))
            return prefix.isEmpty ? nil : .prefix(prefix)
        case .regexRewrite(let rewrite):
            return compile(rewrite, at: place.field("regex_rewrite")).map(RedirectAction.Path.regex)
        case nil: return nil
        }
    }

    mutating func compile(
        _ message: Envoy_Config_Route_V3_DirectResponseAction,
        at place: Place,
        in scope: RouteScope
    ) -> DirectResponse? {
        checkStatus(message.status, at: place.field("status"))
        var body: [UInt8] = []
        if message.hasBody {
            body = content(of: message.body, at: place.field("body"), responseLimit: scope.responseLimit) ?? []
        }
        let format = message.hasBodyFormat ? compile(message.bodyFormat, at: place.field("body_format")) : nil
        return DirectResponse(status: Int(message.status), body: body, format: format)
    }

    mutating func checkStatus(_ status: UInt32, at place: Place) {
        guard !(200..<600).contains(status) else { return }
        let rule = "value must be inside range [200, 600)"
        refuse(place, breaking: rule, found: String(status), accepted: "200 to 599")
    }
}

extension Envoy_Config_Route_V3_RedirectAction.RedirectResponseCode {
    fileprivate var status: Int {
        switch self {
        case .movedPermanently, .UNRECOGNIZED: 301
        case .found: 302
        case .seeOther: 303
        case .temporaryRedirect: 307
        case .permanentRedirect: 308
        }
    }
}
