// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// The arguments that describe a connection, by the letters that ssh has for them.
struct ConnectionArguments: ParsableArguments {
    @Option(
        name: .customShort("p"), help: ArgumentHelp("The server's port.", valueName: "port"))
    var port: String?

    @Option(
        name: .customShort("l"), help: ArgumentHelp("The name to log in with.", valueName: "name"))
    var user: String?

    @Option(
        name: .customShort("i"),
        help: ArgumentHelp("A file with a private key.", valueName: "file"))
    var identityFiles: [String] = []

    @Option(
        name: .customShort("J"),
        help: ArgumentHelp("Hosts to go through: [user@]host[:port],...", valueName: "hosts"))
    var jumpHosts: String?

    @Option(
        name: .customShort("F"),
        help: ArgumentHelp("The ssh_config file to read; none for no file.", valueName: "file"))
    var configFile: String?

    @Flag(name: .customShort("C"), help: "Compress (ssh_config: Compression).")
    var compresses = false

    @Flag(name: .customShort("4"), help: "Use IPv4 only.")
    var usesIPv4Only = false

    @Flag(name: .customShort("6"), help: "Use IPv6 only.")
    var usesIPv6Only = false

    @Flag(name: [.short, .long], help: "Say what happens while connecting; more often, say more.")
    var verbose: Int

    /// What the letters stand for among the options of ssh_config(5), except for ``verbose``; values
    /// as they would be written there.
    var sshOptions: [(name: String, value: String)] {
        var options: [(String, String)] = []
        if let port { options.append(("Port", port)) }
        if let user { options.append(("User", inQuotes(user.replacing("%", with: "%%")))) }
        if let jumpHosts { options.append(("ProxyJump", jumpHosts)) }
        if compresses { options.append(("Compression", "yes")) }
        if usesIPv4Only { options.append(("AddressFamily", "inet")) }
        if usesIPv6Only { options.append(("AddressFamily", "inet6")) }
        return options + identityFiles.map { ("IdentityFile", inQuotes($0)) }
    }

    /// A value in which blanks, quotes and the like mean nothing.
    private func inQuotes(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(escaped)\""
    }
}
