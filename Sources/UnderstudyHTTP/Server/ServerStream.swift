// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A request and its answer as the server side sees them, without regard to the protocol.

public import NIOCore
public import UnderstudyCore

/// Where the answer to one request goes.
///
/// Loop-bound.
public protocol ServerStream: AnyObject {
    /// Sends `100 Continue`.
    func sendContinue()
    /// Passes an answer on that precedes the real one.
    func sendInterim(_ head: borrowing ResponseHead)
    /// Lets the client's connection carry raw bytes in both directions from the end of the request's head on.
    ///
    /// Only from within `requestBegan`. All further bytes of the client are pieces of the body, without an end but that
    /// of the connection. The answer's head decides: 101, or 2xx to CONNECT, is followed by raw bytes until
    /// `endResponse`; any other is an ordinary answer, after which the connection closes.
    func becomeTunnel()
    /// Sends the answer's head; its framing must say how the body will come.
    ///
    /// - Parameter closing: The client's connection does not outlive the answer, and is told so.
    func sendHead(_ head: borrowing ResponseHead, closing: Bool)
    func sendBody(_ piece: ByteBuffer)
    /// Says what comes behind the body; `endResponse` has to follow.
    ///
    /// Dropped if the client's side passes no trailers, or the answer is not chunked.
    func sendTrailers(_ trailers: borrowing HeaderBlock)
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
    /// Longest silence within the body of this request, instead of the listener's; `nil` for no limit.
    func setBodyTime(_ time: TimeAmount?)
}

/// Whoever answers one request.
///
/// Loop-bound.
public protocol RequestHandler: AnyObject {
    /// A request arrived.
    ///
    /// It is complete if its framing is `none`; otherwise its body follows.
    ///
    /// - Parameter head: May be swapped for a spent one, to keep it beyond the call.
    func requestBegan(_ head: inout RequestHead, on stream: any ServerStream)
    func requestBody(_ piece: ByteBuffer)
    /// - Parameter trailers: `nil` if there are none, or the client's side passes none.
    func requestEnded(trailers: HeaderBlock?)
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
public protocol RequestService: AnyObject {
    func makeHandler() -> any RequestHandler
    /// The value of the `server` header in answers that the connection gives itself.
    var serverName: [UInt8] { get }
    /// Requests in flight may end, new ones are answered with `connection: close`.
    ///
    /// Asked for each answer: while a drain begins, it may say so of some of them only.
    var isDraining: Bool { get }
    /// Answers end their connections because the proxy has too much to do; never so without an implementation.
    var disablesKeepalive: Bool { get }
    /// Where the connection is counted.
    var counters: ServerCounters { get }
    /// Answers a request that no handler has seen: `sendHead` to `endResponse`, at once.
    ///
    /// The connection closes behind it. Without an implementation the reply goes out as it is.
    func refuse(_ reply: LocalReply, on stream: any ServerStream, loop: LoopContext)
    func connectionOpened(_ connection: any ServerConnection)
    func connectionClosed(_ connection: any ServerConnection)
    /// The client turned out to speak another protocol; nothing else about it has changed.
    func connectionReplaced(_ old: any ServerConnection, by new: any ServerConnection)
}

extension RequestService {
    public var disablesKeepalive: Bool { false }

    public func connectionReplaced(_ old: any ServerConnection, by new: any ServerConnection) {}

    public func refuse(_ reply: LocalReply, on stream: any ServerStream, loop: LoopContext) {
        loop.withResponseHead { head in
            head.status = reply.status
            let length = reply.body.utf8CodeUnitCount
            if length > 0 {
                head.framing = .length(length)
                head.headers.add("content-length", decimal: length, known: .contentLength)
                head.headers.add("content-type", "text/plain")
            }
            head.headers.add("date", loop.date, known: .date)
            head.headers.add("server", serverName, known: .server)
            stream.sendHead(head, closing: true)
        }
        stream.sendBody(ByteBuffer(staticString: reply.body))
        stream.endResponse()
    }
}
