// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Our own messages, which a file carries past Envoy inside a TypedStruct: that one is a free-form value to Envoy, and
// as strict as any other message here.

/// The message of Envoy that carries ours.
enum TypedStruct {
    /// Full names: the usual one and its older twin.
    static let names = ["xds.type.v3.TypedStruct", "udpa.type.v1.TypedStruct"]
    /// What the names of all our own messages begin with.
    static let package = "understudy."
    static let perRoute = "understudy.mirroring.v1.MirroringPerRoute"
    static let process = "understudy.mirroring.v1.Mirroring"
}

extension ExtensionPoint {
    /// Our own message that may stand here, inside a TypedStruct.
    var carried: String? {
        switch self {
        case .httpFilter: TypedStruct.process
        case .perRoute, .perRouteConfig: TypedStruct.perRoute
        case .listenerFilter, .downstreamSocket, .upstreamSocket, .networkFilter, .headerFormatter, .requestID,
            .retryHostPredicate, .clusterProtocol, .balancing, .clusterType, .accessLog, .resourceMonitor:
            nil
        }
    }

    /// How it has to be written.
    fileprivate func form(of carried: String) -> String {
        let wrapped = """
            "@type": type.googleapis.com/\(TypedStruct.names[0]), type_url: type.googleapis.com/\(carried), value: {...}
            """
        guard self == .perRoute else { return wrapped }
        let filter = "\"@type\": type.googleapis.com/envoy.config.route.v3.FilterConfig"
        return "\(filter), is_optional: true, config: {\(wrapped)}"
    }
}

extension MessageWalker {
    /// The full name of our own message that the `value` of a TypedStruct is; `nil` if it is none that is known.
    ///
    /// - Parameter typeName: what is at the place.
    func carriedMessage(of typeName: String, at place: Place) -> String? {
        guard TypedStruct.names.contains(typeName), let name = carriedType(at: place) else { return nil }
        return name.hasPrefix(TypedStruct.package) && schema.messages[name] != nil ? name : nil
    }

    /// Writes a TypedStruct that carries one of our own messages; `nil`, without a report, if it carries another.
    mutating func writeTypedStruct(
        _ mapping: Node.Mapping,
        _ typeName: String,
        at place: Place,
        as point: ExtensionPoint,
        in holder: Place
    ) throws(Stop) -> Bool? {
        guard let expected = point.carried, let carried = carriedType(at: place) else { return nil }
        let nearest = nearestName(to: carried, among: [expected])
        guard carried.hasPrefix(TypedStruct.package) || nearest != nil else { return nil }
        guard carried == expected else {
            let url = place.field("type_url")
            log.report(
                .unknown,
                at: url,
                schema.messages[carried] == nil ? "could not find type_url" : "\(carried) has no place here",
                found: found(url),
                accepted: "type.googleapis.com/\(expected)",
                suggestion: nearest.map { "type.googleapis.com/\($0)" }
            )
            return false
        }
        guard isCarriedAsEnvoyLoads(holder, at: place, as: point), let message = schema.messages[typeName] else {
            return false
        }
        try writeFields(mapping, of: message, typeName, at: place, typeURL: "type.googleapis.com/\(typeName)")
        return true
    }

    /// Reports one of our own messages that stands where Envoy would look for its type; false if it is none of ours.
    mutating func refuseBare(_ typeName: String, _ place: Place, at point: ExtensionPoint) -> Bool {
        guard typeName.hasPrefix(TypedStruct.package), let carried = point.carried else { return false }
        let text = "Envoy does not know this type and refuses the file: it has to be wrapped"
        log.report(.invalid, at: place, text, found: found(place), accepted: point.form(of: carried))
        return true
    }

    /// Whether the form around our own message is one that Envoy 1.40 loads; a filter that is not optional is warned of.
    private mutating func isCarriedAsEnvoyLoads(
        _ holder: Place,
        at place: Place,
        as point: ExtensionPoint
    ) -> Bool {
        switch point {
        case .perRoute:
            let text = "Envoy does not know this type and refuses the file: it has to be wrapped"
            let accepted = point.form(of: TypedStruct.perRoute)
            log.report(.invalid, at: place, text, found: "a TypedStruct", accepted: accepted)
            return false
        case .perRouteConfig where !isTrue("is_optional", in: holder) && !isTrue("disabled", in: holder):
            let text = "Envoy does not know this type and refuses the file: it has to be optional"
            log.report(.invalid, at: holder, text, accepted: "is_optional: true")
            return false
        case .httpFilter where !isTrue("is_optional", in: holder):
            let text = "Envoy does not know this filter and would refuse the file: is_optional: true lets it pass"
            log.report(.invalid, .warning, at: holder, text)
            return true
        default: return true
        }
    }

    /// The full name of the message that a TypedStruct carries; `nil` if it does not say.
    private func carriedType(at place: Place) -> String? {
        guard case .scalar(let scalar) = place.field("type_url").content,
            case .text(let text) = scalar.value
        else { return nil }
        guard let slash = text.lastIndex(of: "/") else { return text }
        return String(text[slash...].dropFirst())
    }
}
