// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Bounds on what one client connection may hold and how long it may wait.

package import NIOCore

package struct ServerLimits: Sendable {
    /// Bytes that may wait for a client that does not read.
    ///
    /// Default 256 KiB.
    package var bufferedBytes = 256 * 1024
    /// Bytes of further requests that may arrive while one is served.
    ///
    /// Default 64 KiB.
    package var pipelinedBytes = 64 * 1024
    /// From the first byte of a head to its last.
    ///
    /// Default 10 s.
    package var headTime = TimeAmount.seconds(10)
    /// Longest silence between requests.
    ///
    /// Default one hour, as Envoy's `idle_timeout`.
    package var idleTime = TimeAmount.hours(1)
    /// Longest silence within a request body.
    ///
    /// Default 5 min, as Envoy's `stream_idle_timeout`.
    package var bodyTime = TimeAmount.minutes(5)
    /// How long a client may go on sending after an answer that closes its connection.
    ///
    /// Default 1 s, as Envoy's `delayed_close_timeout`.
    package var lingerTime = TimeAmount.seconds(1)

    package init() {}
}
