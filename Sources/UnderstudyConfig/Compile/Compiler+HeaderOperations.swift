// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Header lines that are added and removed, at every level that may do so.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

/// A message with the four lists of header operations.
protocol HeaderOperating {
    var requestHeadersToAdd: [Envoy_Config_Core_V3_HeaderValueOption] { get }
    var requestHeadersToRemove: [String] { get }
    var responseHeadersToAdd: [Envoy_Config_Core_V3_HeaderValueOption] { get }
    var responseHeadersToRemove: [String] { get }
    /// Whether an empty name may be removed, which removes nothing.
    static var allowsEmptyRemovals: Bool { get }
}

extension Envoy_Config_Route_V3_RouteConfiguration: HeaderOperating {
    static var allowsEmptyRemovals: Bool { true }
}

extension Envoy_Config_Route_V3_VirtualHost: HeaderOperating {
    static var allowsEmptyRemovals: Bool { false }
}

extension Envoy_Config_Route_V3_Route: HeaderOperating {
    static var allowsEmptyRemovals: Bool { false }
}

extension Envoy_Config_Route_V3_WeightedCluster.ClusterWeight: HeaderOperating {
    static var allowsEmptyRemovals: Bool { true }
}

extension Compiler {
    mutating func headerOperations<Message: HeaderOperating>(_ message: Message, at place: Place) -> HeaderOperations {
        var operations = HeaderOperations()
        operations.requestAdditions = additions(message.requestHeadersToAdd, at: place.field("request_headers_to_add"))
        operations.responseAdditions = additions(
            message.responseHeadersToAdd,
            at: place.field("response_headers_to_add")
        )
        let mayBeEmpty = Message.allowsEmptyRemovals
        operations.requestRemovals = removals(
            message.requestHeadersToRemove,
            at: place.field("request_headers_to_remove"),
            mayBeEmpty: mayBeEmpty
        )
        operations.responseRemovals = removals(
            message.responseHeadersToRemove,
            at: place.field("response_headers_to_remove"),
            mayBeEmpty: mayBeEmpty
        )
        return operations
    }

    mutating func additions(
        _ messages: [Envoy_Config_Core_V3_HeaderValueOption],
        at place: Place
    ) -> [HeaderAddition] {
        checkCount(messages.count, atMost: 1000, at: place)
        return zip(messages, place.items).compactMap { compile($0, at: $1) }
    }

    mutating func removals(_ names: [String], at place: Place, mayBeEmpty: Bool) -> [String] {
        for (name, place) in zip(names, place.items) {
            if name.isEmpty, !mayBeEmpty { refuse(place, breaking: "value length must be at least 1 characters") }
            checkHeaderText(name, at: place)
            if !name.isEmpty { report(HeaderOperations.fault(removing: name), at: place, found: name) }
        }
        return names.filter { !$0.isEmpty }.map { $0.lowercased() }
    }

    mutating func compile(_ message: Envoy_Config_Core_V3_HeaderValueOption, at place: Place) -> HeaderAddition? {
        let isBoth = message.hasAppend && message.append.value && message.appendAction != .appendIfExistsOrAdd
        if isBoth { refuse(place, "Both append and append_action are set and it's not allowed") }
        guard message.hasHeader else {
            require("header", in: place)
            return nil
        }
        let headerPlace = place.field("header")
        checkNames(message.header, at: headerPlace)
        guard let value = format(message.header.value, at: headerPlace.field("value")) else { return nil }
        return HeaderAddition(
            name: message.header.key,
            value: value,
            action: HeaderAddition.Action(message),
            keepsEmptyValue: message.keepEmptyValue
        )
    }

    private mutating func checkNames(_ header: Envoy_Config_Core_V3_HeaderValue, at place: Place) {
        requireHeaderName(header.key, "key", in: place)
        checkSize(header.key, atMost: 16_384, at: place.field("key"))
        checkHeaderText(header.value, at: place.field("value"))
        checkSize(header.value, atMost: 16_384, at: place.field("value"))
        if let fault = HeaderAddition.fault(name: header.key, value: "") {
            report(fault, at: place.field("key"), found: header.key)
        } else {
            let fault = HeaderAddition.fault(name: header.key, value: header.value)
            report(fault, at: place.field("value"), found: header.value)
        }
        if !header.rawValue.isEmpty { warn(place.field("raw_value"), "raw_value has no effect here: use value") }
    }

    mutating func report(_ fault: FormatFault?, at place: Place, found: String) {
        guard let fault else { return }
        let kind: ConfigurationDiagnostic.Kind =
            switch fault.kind {
            case .unknown: .unknown
            case .unsupported: .unsupported
            case .invalid: .invalid
            }
        refuse(place, shown(fault.message), kind: kind, found: quoted(found))
    }

    /// Whether a header frames or addresses the message, so that operations may not touch it.
    func isProtected(_ name: String) -> Bool {
        name.hasPrefix(":") || name.lowercased() == "host"
    }
}

extension HeaderAddition.Action {
    fileprivate init(_ message: Envoy_Config_Core_V3_HeaderValueOption) {
        guard !message.hasAppend else {
            self = message.append.value ? .appendIfExistsOrAdd : .overwriteIfExistsOrAdd
            return
        }
        self =
            switch message.appendAction {
            case .appendIfExistsOrAdd, .UNRECOGNIZED: .appendIfExistsOrAdd
            case .addIfAbsent: .addIfAbsent
            case .overwriteIfExistsOrAdd: .overwriteIfExistsOrAdd
            case .overwriteIfExists: .overwriteIfExists
            }
    }
}
