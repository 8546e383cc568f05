// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A chunked body taken apart piece by piece, as plain values that tests can compare.

import UnderstudyHTTP

struct DechunkedBody: Equatable {
    enum End: Equatable {
        /// Behind this many bytes.
        case whole(Int)
        case incomplete
        case refused(MessageFault)
    }

    var data: [UInt8] = []
    /// The trailer section, if it was asked for.
    var trailers: [UInt8] = []
    var end = End.incomplete

    var text: String { String(decoding: data, as: UTF8.self) }

    /// Feeds the pieces one after another, as they would arrive.
    init(_ pieces: [[UInt8]], limits: MessageLimits = MessageLimits(), reportsTrailers: Bool = false) {
        var decoder = ChunkDecoder(limits: limits, reportsTrailers: reportsTrailers)
        var consumed = 0
        for piece in pieces {
            var offset = 0
            while case .incomplete = end {
                do throws(MessageFault) {
                    switch try decoder.next(piece.span, from: offset) {
                    case .needMore:
                        offset = piece.count
                    case .data(let range):
                        data += piece[range]
                        offset = range.upperBound
                        continue
                    case .trailers(let range):
                        trailers += piece[range]
                        offset = range.upperBound
                        continue
                    case .end(let length):
                        end = .whole(consumed + length)
                    }
                } catch {
                    end = .refused(error)
                }
                break
            }
            consumed += piece.count
        }
    }

    init(_ text: String, limits: MessageLimits = MessageLimits()) {
        self.init([Array(text.utf8)], limits: limits)
    }
}
