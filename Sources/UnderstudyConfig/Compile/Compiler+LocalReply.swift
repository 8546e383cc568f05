// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How the proxy's own answers are changed.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    mutating func compile(
        _ message: Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_LocalReplyConfig,
        at place: Place
    ) -> LocalReplyOptions {
        var options = LocalReplyOptions()
        options.mappers = zip(message.mappers, place.field("mappers").items).compactMap { compile($0, at: $1) }
        if message.hasBodyFormat { options.format = compile(message.bodyFormat, at: place.field("body_format")) }
        return options
    }

    private mutating func compile(
        _ message: Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_ResponseMapper,
        at place: Place
    ) -> LocalReplyMapper? {
        var filter: AccessLogFilter?
        if message.hasFilter {
            filter = compile(message.filter, at: place.field("filter"))
        } else {
            require("filter", in: place)
        }
        if message.hasStatusCode { checkStatus(message.statusCode.value, at: place.field("status_code")) }
        let body = message.hasBody ? content(of: message.body, at: place.field("body")) : nil
        var format: BodyFormat?
        if message.hasBodyFormatOverride {
            format = compile(message.bodyFormatOverride, at: place.field("body_format_override"))
        }
        let headers = additions(message.headersToAdd, at: place.field("headers_to_add"))
        guard let filter else { return nil }
        var mapper = LocalReplyMapper(filter: filter)
        mapper.status = message.hasStatusCode ? Int(message.statusCode.value) : nil
        mapper.body = body
        mapper.format = format
        mapper.headers = headers
        return mapper
    }
}
