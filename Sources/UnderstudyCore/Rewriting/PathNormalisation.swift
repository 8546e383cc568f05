// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One spelling for every path, so that no upstream reads one differently than the route table did.

public enum PathNormalisation: Sendable, Equatable {
    case unchanged
    case changed
    /// The path has a spelling that is not allowed: an escaped zero byte, or an escaped slash where those are refused.
    case reject
    /// The client is to ask again for the target that the head has now.
    case redirect
}

extension RequestHead {
    /// Brings the path into the form that the options ask for; the query stays.
    ///
    /// Takes time in proportion to the path, and none to speak of for one that is in form.
    /// - Source: Envoy `normalize_path`, `merge_slashes`, `path_with_escaped_slashes_action`, in Envoy's order:
    ///   escaped slashes, parameters of dot segments, the rules of Chromium's URL library, merging. Measured on
    ///   Envoy 1.40.
    public mutating func normalisePath(_ options: PathOptions) -> PathNormalisation {
        guard method != .connect else { return .unchanged }
        let path = path
        guard PathSpelling.mayBreak(options, headers.bytes.span, path) else { return .unchanged }
        var spelling = PathSpelling(headers.bytes.span, path)
        let hasSlashes = options.escapedSlashes != .keep && spelling.unescapeSlashes()
        if hasSlashes, options.escapedSlashes == .reject { return .reject }
        if options.normalizes {
            spelling.stripDotSegmentParameters()
            guard spelling.canonicalise() else { return .reject }
        }
        if options.mergesSlashes { spelling.mergeSlashes() }
        guard !ByteScan.equals(headers.bytes.span, path, spelling.path) else { return .unchanged }
        replaceInTarget(path, with: spelling.path)
        return hasSlashes && options.escapedSlashes == .unescapeAndRedirect ? .redirect : .changed
    }
}
