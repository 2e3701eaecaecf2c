# install.cmake - what `cmake --install` gives: tool, libraries, headers, pkg-config, CMake package, man pages, completion
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS detpipe_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS detpipe detpipe_shared EXPORT detpipe
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
set_target_properties(detpipe PROPERTIES EXPORT_NAME static)
set_target_properties(detpipe_shared PROPERTIES EXPORT_NAME detpipe)
file(GLOB headers CONFIGURE_DEPENDS include/*.h)
if(NOT MPI_C_FOUND)
  list(FILTER headers EXCLUDE REGEX detpipe_mpi)
endif()
install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

# pkg-config: the shared library; with --static what the static one needs besides. The prefix may be moved.
file(RELATIVE_PATH detpipe_pc_to_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/detpipe.pc.in detpipe.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/detpipe.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# find_package(detpipe): detpipe::detpipe is the shared library, detpipe::static the other.
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/detpipe)
install(EXPORT detpipe NAMESPACE detpipe:: FILE detpipeTargets.cmake DESTINATION ${package})
configure_package_config_file(cmake/detpipeConfig.cmake.in ${PROJECT_BINARY_DIR}/detpipeConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/detpipeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/detpipeConfig.cmake ${PROJECT_BINARY_DIR}/detpipeConfigVersion.cmake DESTINATION ${package})

# The transport of the ranks is a component of its own: pkg-config detpipe-mpi, detpipe::mpi, detpipe::mpi_static.
if(MPI_C_FOUND)
  install(TARGETS detpipe_mpi detpipe_mpi_shared EXPORT detpipe_mpi
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  set_target_properties(detpipe_mpi PROPERTIES EXPORT_NAME mpi_static)
  set_target_properties(detpipe_mpi_shared PROPERTIES EXPORT_NAME mpi)
  install(EXPORT detpipe_mpi NAMESPACE detpipe:: FILE detpipeMpiTargets.cmake DESTINATION ${package})
  string(REPLACE ";" " " detpipe_mpi_libraries "${MPI_C_LIBRARIES}")
  configure_file(cmake/detpipe-mpi.pc.in detpipe-mpi.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/detpipe-mpi.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()

# The page of all calls, from the headers' comments.
install(CODE "set(folder \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR})
              file(MAKE_DIRECTORY \${folder})
              execute_process(COMMAND ${PROJECT_SOURCE_DIR}/tools/scripts/api.sh ${PROJECT_SOURCE_DIR}/include
              OUTPUT_FILE \${folder}/api.md RESULT_VARIABLE failed)
              if(failed)
                message(FATAL_ERROR \"api.md was not made\")
              endif()")

# Man pages, from the tool's own tables and the headers' comments; completion asks the tool.
if(NOT CMAKE_CROSSCOMPILING)
  install(CODE "execute_process(COMMAND ${PROJECT_SOURCE_DIR}/tools/scripts/man.sh $<TARGET_FILE:detpipe_tool> ${PROJECT_SOURCE_DIR}/include
                \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_MANDIR} RESULT_VARIABLE failed)
                if(failed)
                  message(FATAL_ERROR \"the man pages were not made\")
                endif()")
endif()
install(FILES tools/scripts/completion/detpipe.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME detpipe)
install(FILES tools/scripts/completion/_detpipe DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES tools/scripts/completion/detpipe.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
