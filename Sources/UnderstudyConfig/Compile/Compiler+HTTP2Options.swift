// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// HTTP/2 as it is spoken with clients and with clusters.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

extension Compiler {
    typealias HTTP2Message = Envoy_Config_Core_V3_Http2ProtocolOptions

    /// - Parameter isStreamError: What a connection manager says of malformed messages; `nil` for nothing.
    mutating func compile(
        _ message: HTTP2Message,
        at place: Place,
        isStreamError: Bool? = nil
    ) -> HTTP2Options {
        var options = HTTP2Options()
        // Bytes of a table that no peer has to use are nothing that Envoy bounds.
        if message.hasHpackTableSize { options.headerTableBytes = Int(message.hpackTableSize.value) }
        set(
            &options.concurrentStreams,
            message.maxConcurrentStreams,
            message.hasMaxConcurrentStreams,
            in: 1...2_147_483_647,
            at: place.field("max_concurrent_streams")
        )
        set(
            &options.streamWindow,
            message.initialStreamWindowSize,
            message.hasInitialStreamWindowSize,
            in: 65_535...2_147_483_647,
            at: place.field("initial_stream_window_size")
        )
        set(
            &options.connectionWindow,
            message.initialConnectionWindowSize,
            message.hasInitialConnectionWindowSize,
            in: 65_535...2_147_483_647,
            at: place.field("initial_connection_window_size")
        )
        options.allowsConnect = message.allowConnect
        setBounds(message, at: place, of: &options)
        if message.hasOverrideStreamErrorOnInvalidHTTPMessage {
            options.invalidMessageEndsStreamOnly = message.overrideStreamErrorOnInvalidHTTPMessage.value
        } else if let isStreamError {
            options.invalidMessageEndsStreamOnly = isStreamError
        }
        if message.hasConnectionKeepalive {
            options.keepAlive = compile(message.connectionKeepalive, at: place.field("connection_keepalive"))
        }
        return options
    }

    /// Bounds on what a peer may make the proxy keep or do.
    private mutating func setBounds(_ message: HTTP2Message, at place: Place, of options: inout HTTP2Options) {
        let any = 0...UInt32.max
        let positive = 1...UInt32.max
        set(
            &options.outboundFrames,
            message.maxOutboundFrames,
            message.hasMaxOutboundFrames,
            in: positive,
            at: place.field("max_outbound_frames")
        )
        set(
            &options.outboundControlFrames,
            message.maxOutboundControlFrames,
            message.hasMaxOutboundControlFrames,
            in: positive,
            at: place.field("max_outbound_control_frames")
        )
        set(
            &options.consecutiveEmptyFrames,
            message.maxConsecutiveInboundFramesWithEmptyPayload,
            message.hasMaxConsecutiveInboundFramesWithEmptyPayload,
            in: any,
            at: place.field("max_consecutive_inbound_frames_with_empty_payload")
        )
        set(
            &options.priorityFramesPerStream,
            message.maxInboundPriorityFramesPerStream,
            message.hasMaxInboundPriorityFramesPerStream,
            in: any,
            at: place.field("max_inbound_priority_frames_per_stream")
        )
        set(
            &options.windowUpdatesPerDataFrame,
            message.maxInboundWindowUpdateFramesPerDataFrameSent,
            message.hasMaxInboundWindowUpdateFramesPerDataFrameSent,
            in: positive,
            at: place.field("max_inbound_window_update_frames_per_data_frame_sent")
        )
    }

    private mutating func set(
        _ option: inout Int,
        _ number: Google_Protobuf_UInt32Value,
        _ isGiven: Bool,
        in range: ClosedRange<UInt32>,
        at place: Place
    ) {
        guard isGiven else { return }
        option = Int(number.value)
        guard !range.contains(number.value) else { return }
        let isOpen = range.upperBound == .max
        let rule =
            isOpen
            ? "value must be greater than or equal to \(range.lowerBound)"
            : "value must be inside range [\(range.lowerBound), \(range.upperBound)]"
        let accepted = isOpen ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
        refuse(place, breaking: rule, found: String(number.value), accepted: accepted)
    }

    private mutating func compile(
        _ message: Envoy_Config_Core_V3_KeepaliveSettings,
        at place: Place
    ) -> HTTP2Options.KeepAlive {
        var keepAlive = HTTP2Options.KeepAlive()
        if message.hasInterval { keepAlive.interval = pause(message.interval, at: place.field("interval")) }
        if message.hasTimeout {
            keepAlive.timeout = pause(message.timeout, at: place.field("timeout"))
        } else {
            require("timeout", in: place)
        }
        if message.hasIntervalJitter {
            keepAlive.jitter = percent(message.intervalJitter, at: place.field("interval_jitter"))
        }
        if message.hasConnectionIdleInterval {
            let place = place.field("connection_idle_interval")
            keepAlive.idleInterval = pause(message.connectionIdleInterval, at: place)
        }
        return keepAlive
    }

    private mutating func pause(_ message: Google_Protobuf_Duration, at place: Place) -> Duration {
        let pause = Duration(message)
        if pause < .milliseconds(1) {
            refuse(place, breaking: "value must be greater than or equal to 1ms", accepted: "0.001s or more")
        }
        return pause
    }
}
