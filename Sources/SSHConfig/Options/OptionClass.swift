// SPDX-License-Identifier: Apache-2.0

/// What an option of ssh_config(5) is to us.
enum OptionClass: String, CaseIterable, Sendable {
    /// It decides where a connection goes, whom it trusts or how it is made: always honoured.
    case a
    /// It makes things better or more convenient: honoured.
    case b
    /// It concerns shells, terminals, forwardings and logins by GSSAPI or by the machine's own key,
    /// which we have none of: taken without effect.
    case c
    /// OpenSSH has given it up, or never had it and a distribution adds it: taken without effect.
    case d
}
