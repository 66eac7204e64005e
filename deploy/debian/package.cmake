# The Debian package, made by `cmake --workflow --preset package`. It holds the daemon and not the
# simulator; its files in /etc are not for `cmake --install`, which would overwrite yours.
set(documents "share/doc/${PROJECT_NAME}")
install(FILES deploy/debian/auditor.yaml DESTINATION /etc/atlas-key-auditor
        COMPONENT etc EXCLUDE_FROM_ALL)
install(DIRECTORY DESTINATION /etc/atlas-key-auditor/secrets
        DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE COMPONENT etc EXCLUDE_FROM_ALL)
install(FILES deploy/debian/copyright DESTINATION ${documents} COMPONENT auditor)
file(GLOB pages docs/*.md)
install(FILES ${pages} DESTINATION ${documents} COMPONENT auditor)
install(DIRECTORY docs/runbooks docs/audit-formats DESTINATION ${documents} COMPONENT auditor)
install(FILES config/full.yaml deploy/prometheus/rules.yml deploy/alertmanager/alertmanager.yml
        DESTINATION ${documents}/examples COMPONENT auditor)
install(FILES deploy/debian/completion.bash DESTINATION share/bash-completion/completions
        RENAME atlas-key-auditor COMPONENT auditor)

# Debian wants these compressed, and the same bytes from the same sources.
configure_file(deploy/debian/changelog.in deploy/changelog @ONLY)
foreach(pair "deploy/changelog:changelog:${documents}"
             "docs/atlas-key-auditor.1:atlas-key-auditor.1:share/man/man1")
  string(REPLACE ":" ";" pair "${pair}")
  list(GET pair 0 source)
  list(GET pair 1 name)
  list(GET pair 2 destination)
  set(directory "${PROJECT_SOURCE_DIR}")
  if(EXISTS "${PROJECT_BINARY_DIR}/${source}")
    set(directory "${PROJECT_BINARY_DIR}")
  endif()
  execute_process(COMMAND gzip -9nc "${directory}/${source}"
                  OUTPUT_FILE "${PROJECT_BINARY_DIR}/deploy/${name}.gz" COMMAND_ERROR_IS_FATAL ANY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${directory}/${source}")
  install(FILES "${PROJECT_BINARY_DIR}/deploy/${name}.gz" DESTINATION ${destination} COMPONENT auditor)
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL auditor etc)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_PACKAGE_CONTACT "The atlas-key-auditor authors <maintainers@atlas-key-auditor.example>")
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates, systemd | systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "auditor of the API keys of MongoDB Atlas organizations")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "A daemon that polls API keys, compares their roles and descriptions with a
policy, and tells Prometheus and Alertmanager of any drift.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    "${PROJECT_SOURCE_DIR}/deploy/debian/conffiles;${PROJECT_SOURCE_DIR}/deploy/debian/postinst;${PROJECT_SOURCE_DIR}/deploy/debian/prerm;${PROJECT_SOURCE_DIR}/deploy/debian/postrm")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)
# Directories of a package are 0755 whatever the umask; the one of secrets says otherwise itself.
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(CPack)
