// SPDX-License-Identifier: Apache-2.0

/// Finds the name under which a host is known, as ssh does it (`CanonicalizeHostname`).
struct HostCanonicalization {
    /// The values so far.
    let options: ClientOptions
    /// This machine.
    let local: LocalContext

    /// The canonical name; the name itself where nothing is to be done or found.
    ///
    /// - Parameter name: the host to connect to, after `HostName`.
    func canonicalName(of name: String) throws(SSHConfigError) -> String {
        if let address = local.numericAddress(name) {
            return address.lowercased() == name.lowercased() ? name : address
        }
        let host = name.lowercased()
        if let found = try search(host) { return found }
        // Even a name that is taken as it is may be an alias whose host is to be named.
        guard options.canonicalizeHostname != .no, goesByName,
            !options.canonicalizePermittedCNAMEs.isEmpty, !looksNumeric(host),
            let lookup = local.lookUp(host, options.addressFamily)
        else { return host }
        return try follow(lookup, from: host)
    }

    /// Whether names are for us to look up, and not for a proxy.
    private var goesByName: Bool {
        let isDirect = options.proxyCommand == nil && options.proxyJump.isEmpty
        return isDirect || options.canonicalizeHostname == .always
    }

    /// Looks for a host in the domains.
    ///
    /// - Returns: nil where it is to be taken as it is.
    private func search(_ host: String) throws(SSHConfigError) -> String? {
        guard options.canonicalizeHostname != .no, goesByName, !looksNumeric(host) else {
            return nil
        }
        if host.hasSuffix(".") {
            if let lookup = local.lookUp(host, options.addressFamily) {
                return try follow(lookup, from: String(host.dropLast()))
            }
        } else {
            let dots = host.utf8.count { $0 == UInt8(ascii: ".") }
            guard dots <= options.canonicalizeMaxDots else { return nil }
            for domain in options.canonicalDomains {
                // The dot at the end keeps the resolver from trying domains of its own.
                let name = "\(host).\(domain)"
                if let lookup = local.lookUp(name + ".", options.addressFamily) {
                    return try follow(lookup, from: name)
                }
            }
        }
        guard options.canonicalizeFallbackLocal else {
            throw SSHConfigError(
                .unknownHost, keyword: "CanonicalizeFallbackLocal",
                "the host \(quoted(host)) is not known in any of the CanonicalDomains")
        }
        return nil
    }

    /// The name for which another is an alias, if the rules allow that.
    ///
    /// It comes from the network, and goes into commands as the one that was typed does.
    private func follow(
        _ lookup: HostLookup, from name: String
    ) throws(SSHConfigError) -> String {
        guard let target = lookup.canonicalName, target != name else { return name }
        let isAllowed = options.canonicalizePermittedCNAMEs.contains { rule in
            patterns(rule.sources).match(name) == .positive
                && patterns(rule.targets).match(target.lowercased()) == .positive
        }
        guard isAllowed else { return name }
        try RemoteName.checkHost(target, at: nil)
        return target
    }

    private func patterns(_ list: String) -> [Pattern] {
        list.split(separator: ",").map { Pattern($0) }
    }

    /// Whether a name can only be meant as an address, for instance of an interface that is not there.
    private func looksNumeric(_ name: String) -> Bool {
        name.contains("%") || name.contains(":") || name.allSatisfy { "0123456789.".contains($0) }
    }
}
