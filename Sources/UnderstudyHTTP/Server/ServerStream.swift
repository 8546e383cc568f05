// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A request and its answer as the server side sees them, without regard to the protocol.

package import NIOCore
package import UnderstudyCore

/// Where the answer to one request goes.
///
/// Loop-bound.
package protocol ServerStream: AnyObject {
    /// Sends `100 Continue`.
    func sendContinue()
    /// Sends the answer's head; its framing must say how the body will come.
    ///
    /// - Parameter closing: The client's connection does not outlive the answer, and is told so.
    func sendHead(_ head: borrowing ResponseHead, closing: Bool)
    func sendBody(_ piece: ByteBuffer)
    /// The answer is complete.
    ///
    /// The stream may carry another request from here on.
    func endResponse()
    /// Sends what is collected.
    func flush()
    /// Breaks the connection off in mid-answer, after what was sent so far.
    func abort()
    /// The client reads too slowly: more than the buffer limit waits for it.
    var isBackedUp: Bool { get }
    /// Stops or resumes taking the request's body from the client.
    func setReading(_ isReading: Bool)
}

/// Whoever answers one request.
///
/// Loop-bound.
package protocol RequestHandler: AnyObject {
    /// A request arrived.
    ///
    /// It is complete if its framing is `none`; otherwise its body follows.
    ///
    /// - Parameter head: May be swapped for a spent one, to keep it beyond the call.
    func requestBegan(_ head: inout RequestHead, on stream: any ServerStream)
    func requestBody(_ piece: ByteBuffer)
    func requestEnded()
    /// All that arrived in this turn of the loop was delivered.
    func requestTurnEnded()
    /// The rest of the request is malformed or overdue; it will not be completed.
    func requestBroke(_ reply: LocalReply)
    /// The client reads again, or no longer.
    func responseWritabilityChanged()
    /// The connection is gone.
    func clientLeft()
}

/// Makes a handler for each request of a listener.
///
/// Loop-bound.
package protocol RequestService: AnyObject {
    func makeHandler() -> any RequestHandler
    /// The value of the `server` header in answers that the connection gives itself.
    var serverName: [UInt8] { get }
    /// Requests in flight may end, new ones are answered with `connection: close`.
    var isDraining: Bool { get }
    func connectionOpened(_ connection: HTTP1ServerConnection)
    func connectionClosed(_ connection: HTTP1ServerConnection)
}
