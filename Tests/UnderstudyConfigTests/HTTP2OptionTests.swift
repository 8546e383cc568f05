// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// HTTP/2 towards clients: what its options become, and Envoy 1.40's verdicts.

import Testing
import UnderstudyCore

@testable import UnderstudyConfig

@Suite struct HTTP2OptionTests {
    private func load(_ options: String) -> ConfigurationResult {
        Sample.load(manager: "http2_protocol_options: {\(options)}")
    }

    @Test func `every field arrives in the model`() {
        let result = load(
            """
            hpack_table_size: 1, max_concurrent_streams: 2, initial_stream_window_size: 65535, \
            initial_connection_window_size: 2147483647, allow_connect: true, max_outbound_frames: 3, \
            max_outbound_control_frames: 4, max_consecutive_inbound_frames_with_empty_payload: 0, \
            max_inbound_priority_frames_per_stream: 0, max_inbound_window_update_frames_per_data_frame_sent: 5, \
            override_stream_error_on_invalid_http_message: false, connection_keepalive: {interval: 0.001s, \
            timeout: 6s, interval_jitter: {value: 7}, connection_idle_interval: 8s}
            """
        )
        var options = HTTP2Options()
        options.headerTableBytes = 1
        options.concurrentStreams = 2
        options.streamWindow = 65_535
        options.connectionWindow = 2_147_483_647
        options.allowsConnect = true
        options.outboundFrames = 3
        options.outboundControlFrames = 4
        options.consecutiveEmptyFrames = 0
        options.priorityFramesPerStream = 0
        options.windowUpdatesPerDataFrame = 5
        options.invalidMessageEndsStreamOnly = false
        var keepAlive = HTTP2Options.KeepAlive()
        keepAlive.interval = .milliseconds(1)
        keepAlive.timeout = .seconds(6)
        keepAlive.jitter = 7
        keepAlive.idleInterval = .seconds(8)
        options.keepAlive = keepAlive
        #expect(result.manager?.http2 == options, "\(result.rendered)")
    }

    @Test func `the connection manager says what becomes of malformed messages where the options do not`() {
        #expect(load("").manager?.http2 == HTTP2Options())
        let isRefused = Sample.load(manager: "stream_error_on_invalid_http_message: false")
        #expect(isRefused.manager?.http2.invalidMessageEndsStreamOnly == false)
    }

    @Test func `what is not given has bounds of our own`() {
        let options = Sample.load(Sample.text).manager?.http2
        #expect(options?.streamWindow == 262_144)
        #expect(options?.connectionWindow == 1_048_576)
        #expect(options?.invalidMessageEndsStreamOnly == true)
    }

    @Test(arguments: [
        ("AUTO", HTTPVersionChoice.automatic), ("HTTP1", .http1), ("HTTP2", .http2), ("2", .http2),
    ])
    func `the codec is chosen`(name: String, version: HTTPVersionChoice) {
        #expect(Sample.load(manager: "codec_type: \(name)").manager?.version == version)
    }

    @Test(arguments: [
        ("max_concurrent_streams: 0", "value must be inside range [1, 2147483647]"),
        ("max_concurrent_streams: 2147483648", "value must be inside range [1, 2147483647]"),
        ("initial_stream_window_size: 65534", "value must be inside range [65535, 2147483647]"),
        ("initial_stream_window_size: 2147483648", "value must be inside range [65535, 2147483647]"),
        ("initial_connection_window_size: 65534", "value must be inside range [65535, 2147483647]"),
        ("max_outbound_frames: 0", "value must be greater than or equal to 1"),
        ("max_outbound_control_frames: 0", "value must be greater than or equal to 1"),
        ("max_inbound_window_update_frames_per_data_frame_sent: 0", "value must be greater than or equal to 1"),
        ("connection_keepalive: {}", "timeout is required"),
        ("connection_keepalive: {timeout: 0.0009s}", "value must be greater than or equal to 1ms"),
        ("connection_keepalive: {timeout: 1s, interval: 0s}", "value must be greater than or equal to 1ms"),
        (
            "connection_keepalive: {timeout: 1s, interval_jitter: {value: 101}}",
            "value must be inside range [0, 100]"
        ),
        (
            "connection_keepalive: {timeout: 1s, connection_idle_interval: 0s}",
            "value must be greater than or equal to 1ms"
        ),
        ("allow_metadata: true", "unsupported field \"allow_metadata\" in Http2ProtocolOptions"),
    ])
    func `options are refused`(written: String, message: String) {
        #expect(load(written).messages == [message])
    }

    @Test func `a refusal has Envoy's words`() {
        #expect(
            load("max_concurrent_streams: 0").errors.first?.envoy
                == "Http2ProtocolOptionsValidationError.MaxConcurrentStreams: value must be inside range [1, 2147483647]"
        )
    }
}
