// SPDX-License-Identifier: Apache-2.0

/// All that a configuration says for one host, to be used or to be shown.
public struct EffectiveConfiguration: Sendable {
    /// Finds the names that a selection of algorithms comes to, most wanted first.
    public typealias AlgorithmNames =
        @Sendable (AlgorithmSelection) throws(SSHConfigError) -> [String]

    /// The options, complete and expanded.
    public let options: ClientOptions
    /// What the sources say, as it is written.
    let draft: Draft
    /// The host as it was typed.
    let host: String
    /// The names that a selection comes to; none until somebody knows.
    var algorithmNames: AlgorithmNames = { _ in [] }

    /// The options in the form of `ssh -G`: a line for each value, the keyword in lower case.
    ///
    /// Paths stand as they are written where ssh prints them so.
    ///
    /// - Parameter algorithmNames: finds the names that a selection comes to.
    /// - Throws: ``SSHConfigError`` where `algorithmNames` does.
    public func lines(
        algorithmNames: @escaping AlgorithmNames
    ) throws(SSHConfigError) -> [String] {
        var effective = self
        effective.algorithmNames = algorithmNames
        var lines = ["host \(host)"]
        for option in OptionTable.all {
            let keyword = option.keyword.lowercased()
            lines += try option.printer(effective).map { "\(keyword) \($0)" }
        }
        return lines
    }

    /// Refuses the host if the configuration itself does.
    func requireUsable() throws(SSHConfigError) {
        if let reason = options.refuseConnection {
            throw SSHConfigError(
                .refused, at: draft.places(of: "RefuseConnection").first ?? nil,
                keyword: "RefuseConnection", quoted(reason))
        }
    }
}
