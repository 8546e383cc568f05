// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which fields are an answer or trailers, and which must not be (RFC 9113 sections 8.1 and 8.3.2).

import TestSupport
import Testing
import UnderstudyCore
import UnderstudyHTTP

struct FieldSectionResponseTests {
    private func expect(
        _ made: MadeResponse,
        _ status: Int,
        _ lines: [String],
        _ framing: BodyFraming,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(made == .head(status, lines, framing), sourceLocation: sourceLocation)
    }

    @Test func `an answer and its body`() {
        expect(.of([":status: 200", "x-a: 1"]), 200, ["x-a: 1"], .none)
        expect(.of([":status: 200"], endsStream: false), 200, [], .chunked)
        let length = "content-length: 5"
        expect(.of([":status: 200", length], endsStream: false), 200, [length], .length(5))
        let empty = "content-length: 0"
        expect(.of([":status: 200", empty], endsStream: false), 200, [empty], .length(0))
        expect(.of([":status: 200", empty]), 200, [empty], .none)
        #expect(MadeResponse.of([":status: 200", length]) == .refused(.badLength))
        #expect(MadeResponse.of([":status: 200", length, length], endsStream: false) == .refused(.badLength))
        #expect(MadeResponse.of([":status: 200", "content-length: x"], endsStream: false) == .refused(.badLength))
    }

    @Test(arguments: [true, false])
    func `answers without a body, whatever length they name`(endsStream: Bool) {
        let fields = [":status: 200", "content-length: 5"]
        expect(.of(fields, endsStream: endsStream, answering: .head), 200, ["content-length: 5"], .none)
        let unchanged = [":status: 304", "content-length: 5"]
        expect(.of(unchanged, endsStream: endsStream), 304, ["content-length: 5"], .none)
        expect(.of([":status: 204"], endsStream: endsStream), 204, [], .none)
        let empty = [":status: 204", "content-length: 5"]
        #expect(MadeResponse.of(empty, endsStream: endsStream) == .refused(.conflictingFraming))
    }

    @Test func `interim answers end nothing, and nothing is switched`() {
        expect(.of([":status: 103", "link: a"], endsStream: false), 103, ["link: a"], .none)
        expect(.of([":status: 100"], endsStream: false), 100, [], .none)
        #expect(MadeResponse.of([":status: 100"]) == .refused(.badSyntax))
        #expect(MadeResponse.of([":status: 101"], endsStream: false) == .refused(.badSyntax))
    }

    @Test func `an answer to CONNECT opens a tunnel`() {
        expect(.of([":status: 200"], endsStream: false, answering: .connect), 200, [], .untilClose)
        expect(.of([":status: 403"], endsStream: false, answering: .connect), 403, [], .chunked)
    }

    @Test(arguments: ["", "20", "2000", "2x0", "099", "000", "+20", "200 "])
    func `a status has three digits`(status: String) {
        #expect(MadeResponse.of([":status: \(status)"]) == .refused(.badSyntax))
    }

    @Test(arguments: [
        [], ["x-a: 1"], [":status: 200", ":status: 200"], [":status: 200", ":method: GET"],
        [":status: 200", ":path: /"],
        [":status: 200", ":authority: h"], [":status: 200", ":scheme: http"], [":status: 200", ":protocol: a"],
        [":status: 200", "connection: close"], [":status: 200", "transfer-encoding: chunked"],
        [":status: 200", "X-A: 1"], [":status: 200", "x-a: a\r\nb: c"], ["x-a: 1", ":status: 200"],
    ])
    func `malformed answers`(fields: [String]) {
        #expect(MadeResponse.of(fields) == .refused(.badSyntax))
    }

    @Test func `cookies of an answer stay lines, and repeated names are joined`() {
        let fields = [":status: 200", "set-cookie: a", "cookie: x", "set-cookie: b", "cookie: y", "vary: a", "vary: b"]
        let lines = ["set-cookie: a", "set-cookie: b", "vary: a,b", "cookie: x", "cookie: y"]
        expect(.of(fields), 200, lines, .none)
    }

    // MARK: Trailers

    private func trailers(_ fields: [String], _ limits: MessageLimits = MessageLimits()) -> Result<
        [String], MessageFault
    > {
        var section = FieldSection.of(BlockWriter(fields).bytes, limits)
        return Result { () throws(MessageFault) in try section.makeTrailers().texts }
    }

    @Test func `trailers lose what frames and routes`() {
        #expect(trailers(["grpc-status: 0", "x-a: 1"]) == .success(["grpc-status: 0", "x-a: 1"]))
        let forbidden = ["content-length: 5", "te: trailers", "host: h", "trailer: x", "x-a: 1"]
        #expect(trailers(forbidden) == .success(["x-a: 1"]))
        #expect(trailers([]) == .success([]))
    }

    @Test(arguments: [":status: 200", ":method: GET", ":path: /", ":authority: h", ":x: 1", "X-A: 1", "connection: x"])
    func `trailers have no pseudo-fields, and nothing else that is malformed`(field: String) {
        #expect(trailers([field]) == .failure(.badSyntax))
        #expect(trailers(["x-a: 1", field]) == .failure(.badSyntax))
    }

    @Test func `trailers have limits of their own`() {
        var limits = MessageLimits()
        limits.trailerBytes = 40
        #expect(trailers(["x-a: 12345"], limits) == .success(["x-a: 12345"]))
        #expect(trailers(["x-a: 123456"], limits) == .failure(.tooLarge))
        limits.headerLines = 1
        #expect(trailers(["a: 1", "b: 2"], limits) == .failure(.tooManyLines))
    }
}
