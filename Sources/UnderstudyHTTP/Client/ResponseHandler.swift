// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// An answer as whoever sent the request sees it, without regard to the protocol.

package import NIOCore
package import UnderstudyCore

/// Whoever sent one request upstream.
///
/// Loop-bound.
package protocol ResponseHandler: AnyObject {
    /// The final answer's head arrived; interim answers are not reported.
    ///
    /// - Parameter head: Belongs to the loop; gone after the call unless it is written out.
    func responseBegan(_ head: inout ResponseHead)
    func responseBody(_ piece: ByteBuffer)
    /// The answer is complete.
    ///
    /// - Parameter reusable: The connection may carry another request if this one was sent completely.
    func responseEnded(reusable: Bool)
    /// All that arrived in this turn of the loop was delivered.
    func responseTurnEnded()
    /// The upstream takes bytes of the request, for the first time or again.
    func upstreamDrained()
    /// The connection is gone and nothing more will come.
    func upstreamFailed(_ failure: UpstreamFailure)
}
