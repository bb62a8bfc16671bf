// SPDX-License-Identifier: Apache-2.0

/// What an option of ssh_config changes about a connection: what can be observed with it and not
/// without it, all else being equal.
struct OptionEffect: Sendable {
    /// The option, as it stands on a command line behind `-o`.
    var given: String
    /// The host to connect to; `server` and `hop` lead to the test's server.
    var host = "server"
    /// Further options, with and without the one that is looked at; they come before the usual ones.
    var beside: [String] = []
    /// Lines of the configuration file, before the others.
    var file = ""
    /// The key to log in with; nil for none.
    var identity: String? = "user-ed25519"
    /// What the user answers to questions, in order.
    var answers: [String] = []
    /// What an observation holds only with the option.
    var shows: [String]
    /// What it holds only without it.
    var otherwise: [String] = []
}

/// Where an option's effect is shown.
enum Proof: Sendable {
    /// By observing connections.
    case observed([OptionEffect])
    /// By a test of its own, in this file of ours.
    case test(String, in: String)
    /// By an integration case, which names the option.
    case integrationCase(String)
}
